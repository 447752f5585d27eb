"""`fashion-wb export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fashion_wb.commands.options import PATH


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option(
    "--optuna",
    metavar="FILE",
    help="Write an Optuna storage, with a study for each sweep: an SQLite database if FILE ends in .db or "
    ".sqlite3 or is sqlite:///FILE, a journal if it ends in .log or .journal.",
)
@click.option("--parquet", type=PATH, metavar="FILE", help="Write a row for each trial. Needs pyarrow.")
@click.option("--csv", type=PATH, metavar="FILE", help="Write a row for each trial.")
@click.option(
    "--steps",
    type=PATH,
    metavar="FILE",
    help="Write a row for each row that the trials logged; FILE ends in .parquet or .csv.",
)
def export(
    sources: tuple[str, ...],
    optuna: str | None,
    parquet: Path | None,
    csv: Path | None,
    steps: Path | None,
) -> None:
    """Write sweeps to files for Optuna, pandas and other tools.

    Each SOURCE is a folder (with all offline sweeps in it or below it, such as a study), or ENTITY/PROJECT or
    ENTITY/PROJECT/SWEEP_ID on W&B's server. Give one or several files to write. None of them may exist.
    """
    from analysis.export.targets import optuna_target, table_target
    from analysis.export.write import Targets, check_targets, write_export
    from analysis.sources.places import parse_place, read_sweeps

    trials = [
        table_target(path, (suffix,), option)
        for path, suffix, option in ((parquet, ".parquet", "--parquet"), (csv, ".csv", "--csv"))
        if path is not None
    ]
    targets = Targets(
        optuna=None if optuna is None else optuna_target(optuna),
        trials=tuple(trials),
        steps=None if steps is None else table_target(steps, (".parquet", ".csv"), "--steps"),
    )
    check_targets(targets)
    sweeps, outside = read_sweeps([parse_place(source) for source in sources], sys.stderr)
    written, notes = write_export(sweeps, targets, sys.stderr)
    for note in (*outside, *notes):
        click.echo(note, err=True)
    click.echo(f"Written:\n{written}")
