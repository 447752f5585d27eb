"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)
POSITIVE = click.IntRange(min=1)
SEED = click.IntRange(min=0, max=2**31 - 1)


def _use_data_dir(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    # By the environment, because the trials are other processes.
    if folder is not None:
        from fashion_wb.cnn.data.locate import ENVIRONMENT

        os.environ[ENVIRONMENT] = str(folder.resolve())


DATA_DIR = click.option(
    "--data-dir",
    type=PATH,
    callback=_use_data_dir,
    expose_value=False,
    help="Where Fashion-MNIST is, if not where it is looked for.",
)


def trial_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that runs trials."""
    for option in (
        click.option("--workers", type=POSITIVE, help="Trials at once.  [default: one a core]"),
        DATA_DIR,
        click.option(
            "--cold", is_flag=True, help="Start each trial as a fresh process, as wandb agent does."
        ),
    ):
        command = option(command)
    return command


def search_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that searches offline."""
    for option in (
        click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the search."),
        click.option(
            "--patience",
            type=click.FloatRange(min=0, min_open=True),
            default=1800.0,
            show_default=True,
            help="Seconds without a logged value after which a trial counts as hung.",
        ),
    ):
        command = option(command)
    return trial_options(command)


def run_options(cwd: Path, options: dict[str, Any]) -> Any:
    """The `RunOptions` that the options of `search_options`, without the seed, stand for."""
    from fashion_wb.offline.run import RunOptions

    cold = options.pop("cold")
    return RunOptions(cwd=cwd, warm=not cold, **options)
