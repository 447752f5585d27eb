"""`fashion-wb compare`."""

from __future__ import annotations

from pathlib import Path

import click

from fashion_wb.commands.options import PATH
from fashion_wb.study import METHODS


@click.command()
@click.argument("directories", metavar="DIR...", nargs=-1, required=True, type=PATH)
@click.option("--out", type=PATH, default=Path("comparison"), show_default=True, help="Where to write.")
def compare(directories: tuple[Path, ...], out: Path) -> None:
    """Compare the offline sweeps at or below each DIR: tables, pictures, and what they can show."""
    from analysis.local import search_record
    from analysis.outputs import write_comparison
    from fashion_wb.sweepdir import find_sweep_dirs

    folders = [folder for directory in directories for folder in find_sweep_dirs(directory)]
    known = {method: position for position, method in enumerate(METHODS)}
    folders = sorted(folders, key=lambda folder: known.get(folder.sweep.name, len(known)))
    click.echo(write_comparison([search_record(folder) for folder in folders], out))
