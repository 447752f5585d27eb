"""The values of options that click's own types let pass."""

from __future__ import annotations

import math
import re
import shlex
from typing import Any

import click

_UNITS = {"b": 1} | {
    f"{letter}{ending}": base**power
    for power, letter in enumerate("kmgt", 1)
    for ending, base in (("b", 1000), ("ib", 1024))
}


class Number(click.FloatRange):
    """A number that is one: click compares NaN with no bound, and takes infinity for a number of seconds."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        number = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", parameter, context)
        return number


class CommandText(click.ParamType[str]):
    """Text that a shell could split into words."""

    name = "COMMAND"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        try:
            shlex.split(value)
        except ValueError as error:
            self.fail(f"{value!r} is not a command line: {error}.", parameter, context)
        return str(value)


class Size(click.ParamType[int]):
    """A number of bytes with its unit, such as 4GiB or 500MB."""

    name = "SIZE"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> int:
        found = re.fullmatch(
            r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]+)\s*", str(value), re.IGNORECASE | re.ASCII
        )
        size = 0 if found is None else int(float(found[1]) * _UNITS.get(found[2].lower(), 0))
        if size < 1:
            problem = f"{value!r} is not a size such as 4GiB or 500MB: a number above 0 and its unit."
            self.fail(problem, parameter, context)
        return size
