"""Measure how a search's own cost grows with its trials: 1,000 to 100,000, without processes or files.

    .venv/bin/python benchmarks/growth.py [--trials 1000,10000,100000] [--more 200] [--models 300,1000,3000]

The search is shown that many ended trials of three rows, then runs some more; a line has the milliseconds of
CPU that one of those takes, in the median. `suggest` is a random suggestion, and the check that it is new.
`stop` is hyperband's decision after each of three rows. `record` is to note the end and print the line. The
comparison is everything that is computed for `compare`, in all. The last part is what bayes, hyperopt's TPE
and Optuna's TPE take for a suggestion: their models grow with what they have seen, so they have no promise.
"""

from __future__ import annotations

import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from measure import machine

from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.progress import Progress
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.search.factory import start_search
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.start import Start
from fashion_wb.sweepfile.sweep import Sweep, make_sweep
from fashion_wb.trial import Trial, TrialState

ROWS = 3
PARTS = ("suggest", "stop", "record")
SPACE = {"x": {"min": 0.0, "max": 1.0}, "n": {"min": 1, "max": 1000}}
HYPERBAND = {"early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 3}}


def make_sweep_of(method: str, **more: Any) -> Sweep:
    """Return a sweep over a space that does not run out."""
    blocks = {
        "hyperopt": {
            "scheduler": {
                "engine": "optuna",
                "source": "fashion_wb/search/studies.py",
                "optimizer": "hyperopt_tpe",
            }
        },
        "optuna": {"scheduler": {"engine": "optuna"}},
    }
    config = {"method": "custom" if method in blocks else method, "command": ["true"], "parameters": SPACE}
    metric = {"name": "loss", "goal": "minimize"}
    return make_sweep({**config, "metric": metric, **blocks.get(method, {}), **more}, method)


def make_rows(chance: random.Random) -> list[dict[str, float]]:
    """Return what a trial logs."""
    base = chance.random()
    return [{"loss": base + 1 / (k + 1), "_step": k, "_runtime": 0.1 * k} for k in range(ROWS)]


def make_trials(count: int) -> list[Trial]:
    """Make up ended trials; two in three were stopped at the second value, as hyperband would."""
    chance = random.Random(0)
    trials = []
    for number in range(count):
        config = {"x": chance.random(), "n": chance.randint(1, 1000)}
        stopped = number % 3 > 0
        rows = tuple(make_rows(chance)[: 2 if stopped else ROWS])
        state = TrialState.STOPPED if stopped else TrialState.FINISHED
        trials.append(Trial(number, f"grow-{number:04d}", config, state, rows))
    return trials


class Watched:
    """One search with its printed lines, and the CPU seconds that each part of a trial takes.

    Args:
        count: how many ended trials it begins with.
        folder: an empty folder.
    """

    def __init__(self, count: int, folder: Path) -> None:
        sweep = make_sweep_of("random", **HYPERBAND)
        sampler, pruner = start_search(sweep, "grow", 0, Start())
        self.search = OngoingSearch(sampler, pruner, None, parallel=1)
        self.runner = SweepRunner(open_sweep_dir(folder, sweep, 0), self.search, folder, patience=60.0)
        self.search.trials = make_trials(count)
        self.progress = Progress([self.runner], io.StringIO())
        self.chance = random.Random(1)
        self.seconds: dict[str, list[float]] = {part: [] for part in PARTS}

    def run_one(self) -> None:
        """Run one more trial."""
        clock = time.process_time
        times = [clock()]
        assert self.search.can_start(0)
        config = self.search.ask()
        assert config is not None
        trial = self.search.add(f"grow-{len(self.search.trials):04d}", config)
        times.append(clock())
        rows = make_rows(self.chance)
        for shown in range(1, ROWS + 1):
            self.search.update(trial.number, TrialState.RUNNING, rows[:shown])
            self.search.to_stop()
        times.append(clock())
        ended = self.search.update(trial.number, TrialState.FINISHED, rows)
        self.progress.trial_ended(self.runner, ended)
        self.progress.refresh()
        times.append(clock())
        for part, before, after in zip(PARTS, times, times[1:], strict=False):
            self.seconds[part].append(after - before)


def a_trial(count: int, more: int) -> dict[str, float]:
    """Return the CPU seconds of one trial after `count` others, by part: medians of `more`."""
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(count, Path(folder))
        watched.run_one()  # reads all trials, and imports what it needs
        for seconds in watched.seconds.values():
            seconds.clear()
        for _ in range(more):
            watched.run_one()
    return {part: statistics.median(seconds) for part, seconds in watched.seconds.items()}


def comparison(count: int) -> float:
    """Return the CPU seconds of all that is computed to compare two searches of half as many trials each."""
    from analysis.evidence import gather
    from analysis.records.search import SearchRecord
    from fashion_wb.trial import Metric

    trials = make_trials(count)
    half = [tuple(trials[: count // 2]), tuple(trials[count // 2 :])]
    records = [
        SearchRecord(f"method{k}", f"grow{k}", Metric("loss"), shown, 0, SPACE)
        for k, shown in enumerate(half)
    ]
    began = time.process_time()
    gather(records)
    return time.process_time() - began


def suggestion(method: str, count: int) -> float:
    """Return the CPU seconds of a suggestion by a model that has seen `count` trials: median of five."""
    sampler, _ = start_search(make_sweep_of(method), "grow", 0, Start())
    trials = make_trials(count + 6)
    seconds = []
    for shown in range(count, count + 6):
        began = time.process_time()
        sampler.ask(trials[:shown])
        seconds.append(time.process_time() - began)
    return statistics.median(seconds[1:])


def table(name: str, sizes: list[int], measure: Callable[[int], dict[str, float]]) -> None:
    """Print a line for each part: milliseconds at each size, and how many times the first the last is."""
    print(f"{name:<12}" + "".join(f"{size:>10,}" for size in sizes) + f"{'times':>8}")
    found = [measure(size) for size in sizes]
    for part in found[0]:
        values = [1000 * one[part] for one in found]
        cells = "".join(f"{value:>10.2f}" for value in values)
        print(f"{part:<12}{cells}{values[-1] / values[0]:>8.1f}")
    print(flush=True)


@click.command()
@click.option("--trials", default="1000,10000,100000", show_default=True)
@click.option("--models", default="300,1000,3000", show_default=True)
@click.option("--more", default=200, show_default=True)
def main(trials: str, models: str, more: int) -> None:
    """Print milliseconds of CPU."""
    sizes = [int(size) for size in trials.split(",")]
    table("a trial", sizes, lambda size: a_trial(size, more))
    table("in all", sizes, lambda size: {"compare": comparison(size)})
    methods = ("bayes", "hyperopt", "optuna")
    table(
        "suggestion",
        [int(size) for size in models.split(",")],
        lambda size: {method: suggestion(method, size) for method in methods},
    )
    print(machine())


if __name__ == "__main__":
    main()
