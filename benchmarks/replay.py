"""Measure how fast studies are replayed: searches and trials a second, by method and together.

    .venv/bin/python benchmarks/replay.py [--replicates 100] [--trials 20] [--rounds 3]

Each line replays that many searches of a method from the package's table, in as many processes as there are
cores; starting the processes counts. The last line has the five methods of a study together.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import click
from measure import machine, spread

from fashion_wb.replay.table import FASHION_MNIST
from fashion_wb.study.plan import METHODS, plan_study
from fashion_wb.study.replayed import replay_plans
from fashion_wb.study.settings import StudyBudget, StudySettings
from fashion_wb.study.subject import own_subject


@click.command()
@click.option("--replicates", default=100, show_default=True)
@click.option("--trials", default=20, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(replicates: int, trials: int, rounds: int) -> None:
    """Print a line per method, and one for all."""
    print(f"n = {rounds} rounds, {replicates} searches of {trials} trials a method\n")
    print(f"{'method':12} {'seconds (range)':>28} {'trials/s':>10}")
    lines: list[tuple[str, ...]] = [(method,) for method in METHODS]
    for methods in [*lines, METHODS]:
        times = [_seconds(methods, replicates, trials) for _ in range(rounds)]
        rate = len(methods) * replicates * trials / statistics.median(times)
        print(
            f"{methods[0] if len(methods) == 1 else 'all':12} {spread(times, 1):>28} {rate:10.0f}", flush=True
        )
    print(f"\n{machine()}")


def _seconds(methods: tuple[str, ...], replicates: int, trials: int) -> float:
    subject = own_subject(methods)
    settings = StudySettings(StudyBudget(trials), epochs=10, seed_parameter="seed")
    planned = plan_study(subject, replicates, settings, Path("not a folder"))
    start = time.perf_counter()
    found = list(replay_plans(planned, FASHION_MNIST, subject.cwd, 1, "seed", os.cpu_count() or 1))
    assert sum(len(one.trials) for one in found) == len(methods) * replicates * trials
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
