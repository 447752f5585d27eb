"""Options shared by several commands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fashion_wb.offline.run import RunOptions

PATH = click.Path(path_type=Path)
POSITIVE = click.IntRange(min=1)
SEED = click.IntRange(min=0, max=2**31 - 1)


def _use_data_dir(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    # Passed in the environment, because trials are separate processes.
    if folder is not None:
        from fashion_wb.cnn.data.locate import ENVIRONMENT

        os.environ[ENVIRONMENT] = str(folder.resolve())


DATA_DIR = click.option(
    "--data-dir",
    type=PATH,
    callback=_use_data_dir,
    expose_value=False,
    help="Folder of Fashion-MNIST; no other place is searched.  [default: FASHION_WB_DATA if set]",
)
COLD = click.option(
    "--cold",
    is_flag=True,
    help="Start every trial as a fresh process, as wandb agent does. This is slower than the default, which "
    "forks trials from a process that has already imported the program's modules.",
)


def trial_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that runs trials."""
    for option in (
        click.option(
            "--workers", type=POSITIVE, help="Number of trials that run at once.  [default: one per core]"
        ),
        DATA_DIR,
        COLD,
    ):
        command = option(command)
    return command


def search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that searches offline."""
    for option in (
        click.option(
            "--seed",
            type=SEED,
            default=0,
            show_default=True,
            help="Random seed.",
        ),
        click.option(
            "--patience",
            type=click.FloatRange(min=0, min_open=True),
            default=1800.0,
            show_default=True,
            help="Seconds without a logged row after which a trial is killed as hung; it has then failed.",
        ),
    ):
        command = option(command)
    return trial_options(command)


def run_options(cwd: Path, options: dict[str, Any]) -> RunOptions:
    """Turn the options of `search_options`, without the seed, into `RunOptions`."""
    from fashion_wb.offline.run import RunOptions

    cold = options.pop("cold")
    return RunOptions(cwd=cwd, warm=not cold, **options)
