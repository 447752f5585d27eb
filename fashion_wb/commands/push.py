"""`fashion-wb push`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fashion_wb.commands.options import PATH
from fashion_wb.errors import FashionWbError


@click.command()
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option("--project", required=True, help="W&B project; created if it does not exist.")
@click.option("--entity", help="W&B user or team.  [default: WANDB_ENTITY, or the account's default]")
def push(directories: tuple[Path, ...], project: str, entity: str | None) -> None:
    """Push offline sweeps to W&B's server.

    All sweeps in each folder DIR or below it are created on the server, and their runs are uploaded. Run the
    same command again at any time, for example after an interruption: it sends only what has not arrived, and
    never duplicates a sweep, a run or a row.
    """
    from fashion_wb.push.push import push_sweeps
    from fashion_wb.push.summary import describe_problems, summarise
    from fashion_wb.sweep_folder.opening import find_sweep_dirs

    folders = {folder.root: folder for directory in directories for folder in find_sweep_dirs(directory)}
    pushed = push_sweeps(list(folders.values()), project, entity, sys.stderr)
    click.echo(summarise(pushed))
    if problems := describe_problems(pushed):
        raise FashionWbError(problems)
