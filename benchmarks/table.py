"""Collect the table that replayed studies are answered from, measure its clock, and check it.

    make table                                           train it, in table/ (hours; resumable)
    .venv/bin/python benchmarks/table.py collect table      add its complete replicates to the package's table
    .venv/bin/python benchmarks/table.py seconds            measure seconds an epoch, on an idle machine
    .venv/bin/python benchmarks/table.py check [TRAININGS]  train some of its trainings again, and compare

The package's table is fashion_wb/replay/fashion_mnist.npz. Its trainings ran in a process that had compiled
the CNN's kernels. Such a process rounds some sums differently from one that loads them from numba's cache,
and after ten epochs that shows. So `check` compiles them too, which takes half a minute.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from measure import machine, spread

from fashion_wb.replay.table import CURVES, FASHION_MNIST, Table, read_table, write_table
from fashion_wb.sweep_folder.opening import read_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial, TrialState

ROUNDS = 3
# Losses are kept with seven digits; machines may round the sums of training differently.
TOLERANCE = 2e-6


@click.group()
def main() -> None:
    """Collect the table, measure its clock, and check it."""


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--to", "target", type=click.Path(path_type=Path), default=FASHION_MNIST)
def collect(folder: Path, target: Path) -> None:
    """Add the complete replicates of the study in FOLDER to the table; known seeds are replaced."""
    known = read_table(target) if target.exists() else None
    found = [
        table for sweep in sorted(folder.glob("sweeps/*")) if (table := _replicate(read_sweep_dir(sweep)))
    ]
    if not found:
        raise click.ClickException(f"{folder}: no replicate is complete yet")
    table = _joined([*_split(known), *found])
    write_table(table if known is None else replace(table, seconds=known.seconds), target)
    dead = int(table.dead.sum())
    print(f"{target.name}: {len(table.seeds)} seeds, {table.dead.size:,} trainings, {dead} of them dead")


@main.command()
def seconds() -> None:
    """Measure seconds an epoch by filter count, one training at a time, and put them into the table."""
    table = read_table()
    measured: dict[int, list[float]] = {filters: [] for filters in table.filters}
    for _ in range(ROUNDS):
        for filters, times in measured.items():
            times.extend(row["seconds"] for row in train_again(filters, 1e-3, 0, epochs=2)[1:])
    medians = [statistics.median(times) for times in measured.values()]
    write_table(replace(table, seconds=np.array(medians)), FASHION_MNIST)
    print(machine())
    for filters, times in measured.items():
        print(f"{filters:>3} filters  {spread(times)} s an epoch")


@main.command()
@click.argument("trainings", type=click.IntRange(min=1), default=20)
@click.option("--seed", default=0, help="Chooses the trainings.")
def check(trainings: int, seed: int) -> None:
    """Train TRAININGS of the table's trainings again, and compare all their epochs."""
    with tempfile.TemporaryDirectory() as cache:
        # Before the kernels are imported: an empty cache.
        os.environ["NUMBA_CACHE_DIR"] = cache
        # The table was trained in processes that had compiled the kernels.
        os.environ["FASHION_WB_COMPILE_HERE"] = "1"
        _check(trainings, seed)


def _check(trainings: int, seed: int) -> None:
    table, chance, worst = read_table(), random.Random(seed), 0.0
    for _ in range(trainings):
        s, f, at = (chance.randrange(n) for n in table.dead.shape)
        rows = train_again(table.filters[f], float(table.lr[at]), table.seeds[s], table.epochs)
        curves = {name: np.array([row[name] for row in rows]) for name in CURVES}
        apart = max(float(np.abs(table.curves[name][s, f, at] - curves[name]).max()) for name in CURVES)
        worst = max(worst, apart)
        print(
            f"filters {table.filters[f]:>2}, lr {table.lr[at]:.3e}, seed {table.seeds[s]}: {apart:.1e} apart",
            flush=True,
        )
    print(f"{trainings} trainings, at most {worst:.1e} apart; {machine()}")
    if worst > TOLERANCE:
        raise click.ClickException(
            f"some training is not reproduced: more than {TOLERANCE:g} apart. Another processor may "
            "round sums differently, and trainings then part"
        )


def train_again(filters: int, lr: float, seed: int, epochs: int) -> list[dict[str, Any]]:
    """Train once as train.py does, and return the rows that it would log."""
    from dataclasses import asdict

    from fashion_wb.cnn.config import TrainConfig
    from fashion_wb.cnn.data.dataset import load
    from fashion_wb.cnn.training import pick_device, train, use_one_thread

    use_one_thread()
    config = TrainConfig(filters=filters, lr=lr, seed=seed, epochs=epochs)
    return [asdict(record) for record in train(config, load(seed), pick_device())]


def _replicate(folder: SweepDir) -> Table | None:
    """Return the trainings of one replicate as a table of one seed; None if some are missing."""
    parameters, trials = folder.sweep.config["parameters"], folder.read_trials()
    filters, lr = parameters["filters"]["values"], parameters["lr"]["values"]
    epochs = parameters["epochs"]["value"]
    by_config = {(t.config["filters"], t.config["lr"]): t for t in trials if t.state is TrialState.FINISHED}
    if len(by_config) < len(filters) * len(lr):
        return None
    cells = [[by_config[count, rate] for rate in lr] for count in filters]
    curves = {
        name: np.array([[_curve(t, name, epochs) for t in row] for row in cells])[None] for name in CURVES
    }
    clock = [statistics.median(row["seconds"] for t in row for row in t.history) for row in cells]
    seed = parameters["seed"]["value"]
    return Table(tuple(filters), np.array(lr), (seed,), curves, np.array(clock))


def _curve(trial: Trial, name: str, epochs: int) -> list[float]:
    values = [float(row[name]) for row in trial.history]
    if len(values) != epochs:
        raise click.ClickException(f"{trial.run_id}: logged {len(values)} epochs, not {epochs}")
    return values


def _split(table: Table | None) -> Iterator[Table]:
    for position in range(0 if table is None else len(table.seeds)):
        yield table.with_seeds([position])


def _joined(tables: list[Table]) -> Table:
    by_seed = {table.seeds[0]: table for table in tables}
    parts = list(by_seed.values())
    curves = {name: np.concatenate([part.curves[name] for part in parts]) for name in CURVES}
    return replace(parts[0], seeds=tuple(by_seed), curves=curves)


if __name__ == "__main__":
    main()
