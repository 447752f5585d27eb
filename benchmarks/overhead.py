"""Measure what a trial costs besides training: warm, as a plain subprocess, and in Ray Tune.

    .venv/bin/python benchmarks/overhead.py [--trials 50] [--no-ray]

Two sweeps of train.py take turns, one trial at a time, so both see the same machine. Then Ray Tune runs as
many trials, one at a time. Prints seconds per trial from the proposal to the first training step, and from
the last logged epoch to the recorded result: medians with the range, and the ratio per pair (for Ray Tune,
of medians). agent.py measures what W&B's agent adds to a plain subprocess: its five-second heartbeat.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import click
from measure import machine, ratios, ray_tune, spread

from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.protocol import Executor, Exited
from fashion_wb.executors.slots import Slot
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.search.factory import make_search
from fashion_wb.study.methods import PROJECT_ROOT
from fashion_wb.study.plan import plan_study
from fashion_wb.study.settings import StudyBudget, StudySettings
from fashion_wb.study.subject import own_subject
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.trial import Trial, TrialState


def make_runner(root: Path, trials: int, warm: bool) -> SweepRunner:
    """Make a random sweep of train.py, one epoch per trial, in its own folder."""
    settings = StudySettings(StudyBudget(trials), epochs=1, seed_parameter="seed")
    (planned,) = plan_study(own_subject(["random"]), 1, settings, root)
    folder = open_sweep_dir(root / ("warm" if warm else "fresh"), planned.sweep, seed=0)
    sampler, pruner = make_search(planned.sweep, folder.sweep_id, seed=0)
    search = OngoingSearch(sampler, pruner, trials, 1)
    return SweepRunner(folder, search, PROJECT_ROOT, patience=600.0, warm=warm)


def run_trial(runner: SweepRunner, executor: Executor) -> Trial:
    """Run the sweep's next trial to its end."""
    runner.start_next(executor)
    ended: Trial | None = None
    while ended is None:
        events = executor.events(0.05)
        for end in events:
            if isinstance(end, Exited):
                ended = runner.record_exit(end.key, end.status)
        runner.watch(executor, {event.key for event in events})
    if ended.state is not TrialState.FINISHED:
        raise click.ClickException(f"trial {ended.number} {ended.state}: {ended.reason}")
    return ended


def time_whole_trial(runner: SweepRunner, executor: Executor) -> float:
    """Run the sweep's next trial; return the seconds from its proposal to its recorded result."""
    proposed = time.monotonic()
    run_trial(runner, executor)
    return time.monotonic() - proposed


def time_trial(runner: SweepRunner, executor: Executor) -> tuple[float, float]:
    """Run the sweep's next trial; return seconds before its first step and after its last epoch."""
    proposed = time.time()
    ended = run_trial(runner, executor)
    recorded = time.time()
    first, last = ended.history[0], ended.history[-1]
    # An epoch's own clock starts at its first step and stops just before the epoch is logged.
    return first["_timestamp"] - first["seconds"] - proposed, recorded - last["_timestamp"]


def describe(name: str, warm: list[float], fresh: list[float], ray: list[float]) -> None:
    """Print seconds for each kind of trial, and how many times as long as warm it takes."""
    print(f"\n{name:<30} {'seconds (range)':<28} times warm (range)")
    print(f"{'warm':<30} {spread(warm)}")
    print(f"{'plain subprocess':<30} {spread(fresh):<28} {spread(ratios(fresh, warm), 1)}")
    if ray:
        print(f"{'Ray Tune':<30} {spread(ray):<28} {statistics.median(ray) / statistics.median(warm):.1f}")


@click.command()
@click.option("--trials", type=click.IntRange(min=1), default=50, show_default=True)
@click.option("--ray/--no-ray", default=True, help="Whether to run Ray Tune too.")
def main(trials: int, ray: bool) -> None:
    """Measure and print."""
    os.environ["FASHION_WB_LIMIT"] = "500"
    with (
        tempfile.TemporaryDirectory() as root,
        LocalExecutor(PROJECT_ROOT / "train.py", [Slot()]) as executor,
    ):
        if executor.cannot_fork():
            raise click.ClickException(f"no warm trials here: {executor.cannot_fork()}")
        runners = [make_runner(Path(root), trials + 1, warm) for warm in (True, False)]
        for runner in runners:
            time_trial(runner, executor)  # the first fills caches; not counted
        pairs = [[time_trial(runner, executor) for runner in runners] for _ in range(trials)]
    warm, fresh = ([pair[side] for pair in pairs] for side in (0, 1))
    rays = ray_tune("overhead", "--trials", trials) if ray else []
    print(f"n = {trials} of each; {machine()}")
    for part, name in enumerate(("proposal to first step", "last epoch to result")):
        describe(name, *([seconds[part] for seconds in side] for side in (warm, fresh, rays)))
    describe("together", *([sum(seconds) for seconds in side] for side in (warm, fresh, rays)))


if __name__ == "__main__":
    main()
