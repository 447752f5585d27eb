"""`fashion-wb push`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fashion_wb.commands.options import PATH
from fashion_wb.errors import FashionWbError


@click.command()
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option("--project", required=True, help="W&B project; created unless it is there.")
@click.option("--entity", help="W&B user or team.  [default: WANDB_ENTITY, or the account's default]")
def push(directories: tuple[Path, ...], project: str, entity: str | None) -> None:
    """Push the offline sweeps at or below each DIR to W&B's server.

    Creates each sweep there and uploads its runs into it. The same command again, after an interruption or
    whenever, sends only what has not arrived: there is never a second sweep, run or row.
    """
    from fashion_wb.offline.sweep_dir import find_sweep_dirs
    from fashion_wb.push.push import push_sweeps
    from fashion_wb.push.summary import describe_problems, summarise

    folders = {folder.root: folder for directory in directories for folder in find_sweep_dirs(directory)}
    pushed = push_sweeps(list(folders.values()), project, entity, sys.stderr)
    click.echo(summarise(pushed))
    if problems := describe_problems(pushed):
        raise FashionWbError(problems)
