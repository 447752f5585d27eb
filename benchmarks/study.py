"""Time a whole study: `fashion-wb study` against the same searches, trials and epochs in Ray Tune.

    .venv/bin/python benchmarks/study.py [--trials 10] [--epochs 10] [--rounds 1] [--limit N]

Five searches of --trials trials of at most --epochs epochs, two trials at once, on 50,000 training images
(or --limit). Our time includes starting workers and writing tables and figures. It leaves out retrained
winners and audits, which Ray Tune does not do. Ray Tune runs the assignment's five searches one after the
other and starts anew for each. Prints wall seconds, the peak memory of all processes together (proportional
set size, so shared memory counts once), and epochs trained, because hyperband stops different trials in
each.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import click
from measure import machine, ray_tune, spread

from fashion_wb.study.plan import METHODS

OURS = [sys.executable, "-c", "from fashion_wb.cli import main; main()", "study"]
ONLY_SEARCH = ["--retrain-seeds", "0", "--audit", "0"]


@dataclass(frozen=True)
class Cost:
    """What a study took: wall seconds, MiB at the peak, epochs trained."""

    seconds: float
    memory: float
    epochs: int


class PeakMemory:
    """Watch the memory of this process's descendants from a thread. Use as a context manager.

    Attributes:
        peak: MiB that they held together at most; proportional set size (Linux).
    """

    def __init__(self) -> None:
        self.peak = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(1.0):
            self.peak = max(self.peak, sum(map(_proportional_set, _descendants(os.getpid()))) / 1024)


def _descendants(root: int) -> set[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):  # it has just exited
            continue
    found, before = {root}, 0
    while len(found) != before:
        before = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found - {root}


def _proportional_set(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def our_study(trials: int, epochs: int, limit: int | None) -> Cost:
    """Run `fashion-wb study` in a temporary folder."""
    env = dict(os.environ) | ({} if limit is None else {"FASHION_WB_LIMIT": str(limit)})
    with tempfile.TemporaryDirectory() as folder, PeakMemory() as memory:
        options = ["--trials", str(trials), "--epochs", str(epochs), *ONLY_SEARCH, "--out", folder]
        started = time.perf_counter()
        subprocess.run([*OURS, *options], env=env, check=True, capture_output=True)
        seconds = time.perf_counter() - started
        with (Path(folder) / "comparison.csv").open() as rows:
            trained = sum(int(float(row["epochs"])) for row in csv.DictReader(rows))
    return Cost(seconds, memory.peak, trained)


def rays_study(trials: int, epochs: int, limit: int | None) -> Cost:
    """Run the same in Ray Tune, one search after the other."""
    trained = 0
    with PeakMemory() as memory:
        started = time.perf_counter()
        for method in METHODS:
            options = ["--method", method, "--trials", trials, "--epochs", epochs]
            found = ray_tune("search", *options, *(() if limit is None else ("--limit", limit)))
            trained += found["epochs"]
            click.echo(f"ray, {method}: {found}", err=True)
        seconds = time.perf_counter() - started
    return Cost(seconds, memory.peak, trained)


@click.command()
@click.option("--trials", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--limit", type=int, default=None, help="Training images instead of 50,000.")
def main(trials: int, epochs: int, rounds: int, limit: int | None) -> None:
    """Measure and print."""
    contestants = {"ours": our_study, "ray": rays_study}
    found: dict[str, list[Cost]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name in list(contestants) if number % 2 == 0 else reversed(contestants):
            found[name].append(contestants[name](trials, epochs, limit))
            click.echo(f"{name}: {found[name][-1]}", err=True)
    budget = f"{len(METHODS)} searches x {trials} trials x {epochs} epochs at most"
    print(f"{budget}, {limit or 50_000:,} training images, n = {rounds} of each")
    for name, costs in found.items():
        seconds, memory = [cost.seconds for cost in costs], [cost.memory for cost in costs]
        epochs_trained = statistics.median(cost.epochs for cost in costs)
        print(f"{name:<5} {spread(seconds, 1)} s, {spread(memory, 0)} MiB, {epochs_trained:.0f} epochs")
    pairs = list(zip(found["ray"], found["ours"], strict=True))
    print(f"ray / ours: {spread([ray.seconds / ours.seconds for ray, ours in pairs], 1)} in time, ", end="")
    print(f"{spread([ray.memory / ours.memory for ray, ours in pairs], 1)} in memory")
    print(machine())


if __name__ == "__main__":
    main()
