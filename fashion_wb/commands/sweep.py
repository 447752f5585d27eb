"""`fashion-wb sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fashion_wb.commands.options import PATH, POSITIVE, load_sweep, run_options, search_options
from fashion_wb.commands.start_options import pick_start, start_options
from fashion_wb.commands.view_command.option import VIEW, viewing


@click.command()
@click.argument("file", type=PATH)
@click.option("--count", type=POSITIVE, help="Maximum number of trials. The file's run_cap applies as well.")
@click.option(
    "--dir", "directory", type=PATH, default=Path("runs"), show_default=True, help="Folder for the runs."
)
@start_options
@search_options
@VIEW
def sweep(file: Path, count: int | None, directory: Path, seed: int, with_view: bool, **options: Any) -> None:
    """Run the W&B sweep file FILE offline.

    Run the same command again to continue an interrupted sweep. Every trial is an ordinary W&B offline run in
    DIR/NAME/wandb, where NAME is the name of FILE without its extension.
    """
    from fashion_wb.offline.plan import PlannedSweep
    from fashion_wb.offline.run import Session
    from fashion_wb.offline.summary import check_not_all_failed, summarise

    folder = directory / file.stem
    planned = PlannedSweep(folder, load_sweep(file), seed, start=pick_start(options))
    run = run_options(Path.cwd(), folder, options)
    with viewing(folder, with_view), Session(run, sys.stderr) as session:
        session.run_sweeps([planned], count)
    click.echo(summarise(folder))
    check_not_all_failed([folder])
