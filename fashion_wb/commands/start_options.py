"""The options that say what a search starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from fashion_wb.commands.options import PATH

if TYPE_CHECKING:
    from fashion_wb.offline.start.opening import StartOptions


def start_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what a search starts from."""
    for option in (
        click.option(
            "--allow-repeats",
            is_flag=True,
            help="Let a search try a configuration twice.  [default: a repeated suggestion is drawn again, "
            "and the search ends when every configuration was tried]",
        ),
        click.option(
            "--warm-start",
            metavar="DIR|ENTITY/PROJECT/SWEEP",
            multiple=True,
            help="Show the search the results of earlier runs: of the offline sweeps in a folder, or of a "
            "sweep on W&B's server. They do not count as trials. Can be repeated.",
        ),
        click.option(
            "--initial",
            type=PATH,
            metavar="FILE",
            help="Try these configurations first: a CSV file, or a YAML list of mappings. They count as "
            "trials. What a configuration leaves out, the search fills in.",
        ),
    ):
        command = option(command)
    return command


def pick_start(options: dict[str, Any]) -> StartOptions:
    """Take the options of `start_options` out of `options`."""
    from fashion_wb.offline.start.opening import StartOptions

    return StartOptions(
        initial=options.pop("initial"),
        sources=options.pop("warm_start"),
        allow_repeats=options.pop("allow_repeats"),
    )
