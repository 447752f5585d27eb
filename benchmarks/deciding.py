"""Run the deciding study of docs/protocol.md, and write docs/evidence/answer.md with its figures.

    make evidence                                    all of it, the real studies included (hours; resumable)
    .venv/bin/python benchmarks/deciding.py replay   replay all conditions (hours; resumable)
    .venv/bin/python benchmarks/deciding.py collect  copy what has been run into small files in docs/evidence
    .venv/bin/python benchmarks/deciding.py write    write the page and figures from these files, in a minute

Replayed searches are written to evidence/, one file per condition.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pandas as pd

from analysis.deciding.answers import seconds_of_random
from analysis.deciding.checks import half_folder, half_tables
from analysis.deciding.conditions import (
    STOPPING,
    TRIALS,
    Condition,
    Repeats,
    of_epochs,
    of_many_at_once,
    of_seconds,
    of_trials,
    of_twenty_trials,
)
from analysis.deciding.kept import KEPT, keep, read_kept
from analysis.deciding.runs import read_file, replay_all
from analysis.tables.csv_file import write_csv
from fashion_wb.replay.table import FASHION_MNIST, read_table, write_table

FOLDER = Path("evidence")
MAIN, SIDE, FEW = Repeats(200, 5), Repeats(100, 3), Repeats(50, 2)
# Optuna's Gaussian process takes 100 times as long as the others.
SLOW = "optuna-gp"
# The folders of the real studies; their tables are kept in docs/evidence.
_REAL = ("real", "epochs", "second", "second-epochs")
_DOCS = click.option("--docs", type=click.Path(path_type=Path), default=Path("docs"))
_OUT = click.option("--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
_TABLE = click.option("--table", type=click.Path(path_type=Path), default=FASHION_MNIST)


@click.group()
def main() -> None:
    """Run the deciding study, and write its page."""


@main.command()
@_OUT
@_TABLE
@click.option("--scale", default=1.0, help="Replicates are multiplied by this, for a trial run.")
@click.option("--workers", default=os.cpu_count() or 1)
def replay(folder: Path, table: Path, scale: float, workers: int) -> None:
    """Replay every condition that is not in the folder yet."""

    def run(conditions: Iterator[Condition], repeats: Repeats, target: Path, source: Path = table) -> None:
        scaled = Repeats(max(10, int(repeats.on_table * scale)), max(2, int(repeats.on_resampled * scale)))
        replay_all(list(conditions), scaled, source, target, workers, sys.stderr)

    run((one for one in of_trials() if one.method != SLOW), MAIN, folder)
    run((one for one in of_epochs() if not _is_slow(one)), MAIN, folder)
    # Those of 5, 10 and 20 trials.
    random = read_file(folder / f"{Condition('random', 'trials', TRIALS[-1]).name}.npz")
    amounts = list(seconds_of_random(random).values())[:3]
    run((one for one in of_seconds(amounts) if one.method != SLOW), SIDE, folder)
    run((one for one in of_many_at_once() if not _is_slow(one)), SIDE, folder)
    run((one for one in of_trials() if one.method == SLOW and one.amount <= 20), FEW, folder)
    run((one for one in of_epochs() if _is_slow(one)), SIDE, folder)
    for name, tables in half_tables(read_table(table)).items():
        for half, of in enumerate(tables):
            target = folder / half_folder(name, half)
            target.mkdir(parents=True, exist_ok=True)
            source = target / "table.npz"
            write_table(of, source)
            run((one for one in of_twenty_trials() if one.method != SLOW), SIDE, target, source)


@main.command()
@_OUT
@_DOCS
def collect(folder: Path, docs: Path) -> None:
    """Copy what has been run into small files in docs/; real searches are added, replicate by replicate."""
    if any(folder.glob("*-*.npz")):
        keep(folder, docs / "evidence" / KEPT)
    for name in _REAL:
        source, target = folder / name, docs / "evidence" / name
        if not (source / "searches.csv").is_file():
            continue
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "conditions.json", target / "conditions.json")
        for file in ("searches.csv", "trials.csv"):
            _add(source / file, target / file)


@main.command()
@_TABLE
@_DOCS
def write(table: Path, docs: Path) -> None:
    """Write docs/evidence/answer.md and its figures from the files in docs/; replays and trains nothing."""
    from analysis.deciding.write import write_all

    searches = read_kept(docs / "evidence" / KEPT, table)
    write_all(searches, read_table(table), docs, docs.parent / "README.md")


def _add(source: Path, target: Path) -> None:
    """Add a table's searches to another one; a replicate of a method that both have is the source's."""
    new = pd.read_csv(source)
    if target.is_file():
        keys = pd.MultiIndex.from_frame(new[["method", "replicate"]])
        old = pd.read_csv(target)
        kept = ~pd.MultiIndex.from_frame(old[["method", "replicate"]]).isin(keys)
        new = pd.concat([old[kept], new]).sort_values(["method", "replicate"], kind="stable")
    write_csv(new, target)


def _is_slow(one: Condition) -> bool:
    many = one.method == "bayes" and one.at_once > 1 and one.amount > 20
    return (
        one.method == SLOW or many or (one.method in STOPPING and one.unit == "epochs" and one.amount > 200)
    )


if __name__ == "__main__":
    main()
