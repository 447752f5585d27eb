"""What a trial costs besides training: a warm trial against the same trial as a plain subprocess.

    .venv/bin/python benchmarks/overhead.py [--trials 20]

Two sweeps of train.py take turns, one trial at a time, so that both see the same machine. Printed, per
trial: seconds from the proposal to the first training step, and from the last logged epoch to the recorded
result; medians with the range, and the ratio pair by pair.
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import click

from fashion_wb.offline import SweepRunner
from fashion_wb.records import Trial, TrialState
from fashion_wb.samplers import make_search
from fashion_wb.study import StudySettings, plan_study
from fashion_wb.sweepdir import open_sweep_dir
from fashion_wb.sweepfile import PROJECT_ROOT, TRAIN_PROGRAM
from fashion_wb.workers import WorkerPool


def make_runner(root: Path, trials: int, warm: bool) -> SweepRunner:
    """A random sweep of train.py, one epoch a trial, in a folder of its own."""
    settings = StudySettings(trials, epochs=1, budget_epochs=None, seed=0)
    (planned,) = plan_study(["random"], 1, settings, root)
    folder = open_sweep_dir(root / ("warm" if warm else "fresh"), planned.sweep, seed=0)
    sampler, pruner = make_search(planned.sweep, folder.sweep_id, seed=0)
    return SweepRunner(folder, sampler, pruner, trials, 1, PROJECT_ROOT, patience=600.0, warm=warm)


def time_trial(runner: SweepRunner, pool: WorkerPool) -> tuple[float, float]:
    """Run the sweep's next trial alone; seconds before its first step and after its last epoch."""
    proposed = time.time()
    runner.start_next(pool)
    ended: Trial | None = None
    while ended is None:
        for end in pool.exits(0.05):
            ended = runner.ended(end.key, end.status)
        runner.watch(pool)
    recorded = time.time()
    if ended.state is not TrialState.FINISHED:
        raise click.ClickException(f"trial {ended.number} {ended.state}: {ended.reason}")
    first, last = ended.history[0], ended.history[-1]
    # An epoch's own clock starts with its first step and ends just before it is logged.
    return first["_timestamp"] - first["seconds"] - proposed, recorded - last["_timestamp"]


def describe(name: str, warm: list[float], fresh: list[float]) -> str:
    """One row: medians, ranges, and the ratio of the pairs."""
    ratios = [b / a for a, b in zip(warm, fresh, strict=True)]
    columns = [f"{statistics.median(v):.3f} ({min(v):.3f} to {max(v):.3f})" for v in (warm, fresh)]
    return f"{name:<28} {columns[0]:<26} {columns[1]:<26} {statistics.median(ratios):.1f}"


@click.command()
@click.option("--trials", type=click.IntRange(min=1), default=20, show_default=True)
def main(trials: int) -> None:
    """Measure and print."""
    os.environ["FASHION_WB_LIMIT"] = "500"
    with tempfile.TemporaryDirectory() as root, WorkerPool(TRAIN_PROGRAM) as pool:
        if pool.cannot_fork():
            raise click.ClickException(f"no warm trials here: {pool.cannot_fork()}")
        runners = [make_runner(Path(root), trials + 1, warm) for warm in (True, False)]
        for runner in runners:
            time_trial(runner, pool)  # the first fills caches, and is not counted
        pairs = [[time_trial(runner, pool) for runner in runners] for _ in range(trials)]
    warm, fresh = ([pair[side] for pair in pairs] for side in (0, 1))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}, n = {trials} pairs")
    print(f"{'seconds':<28} {'warm: median (range)':<26} {'fresh: median (range)':<26} fresh / warm")
    print(describe("proposal to first step", [w[0] for w in warm], [f[0] for f in fresh]))
    print(describe("last epoch to result", [w[1] for w in warm], [f[1] for f in fresh]))


if __name__ == "__main__":
    main()
