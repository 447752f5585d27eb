"""What of YAML a sweep file may hold: W&B sends it as JSON, which has fewer kinds of values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fashion_wb.yaml_numbers import Key

# JSON has larger integers, but neither W&B's server nor numpy.
_MOST = 2**63
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSENDABLE = "holds a value that W&B cannot take"


def problems(value: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Yield the place of each value that is not plain data, and what is wrong with it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, (str, int, float, type(None))) or _SURROGATE.search(str(name)):
                yield (*key, str(name)), f"{_UNSENDABLE} ({name!r} as a key); write the key as text"
            yield from problems(inner, (*key, str(name)))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from problems(inner, (*key, position))
    elif reason := _problem(value):
        yield key, reason


def _problem(value: Any) -> str:
    if value is None or isinstance(value, float):
        return ""
    if isinstance(value, int):
        fits = -_MOST <= value < _MOST
        return "" if fits else f"must be an integer of at most 64 bits, got one of {value.bit_length()} bits"
    if isinstance(value, str):
        return f"{_UNSENDABLE} (half of a surrogate pair, {value!r})" if _SURROGATE.search(value) else ""
    kind = type(value).__name__
    return f"{_UNSENDABLE} (a {kind}); write it as text, in quotes"
