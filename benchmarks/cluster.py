"""Measure what a trial costs on a cluster: one machine alone against Dask over loopback.

    .venv/bin/python benchmarks/cluster.py [--pairs 30] [--trials 1000] [--workers 2] [--slots 4]

First, trials that do nothing but log one row take turns, one here and one on a worker: seconds from the
proposal to the recorded result. Then one sweep of `--trials` trials that sleep for a second runs over
`--workers` workers of `--slots` slots each, once they have joined: its share of the ideal time, the
controller's CPU seconds a trial, and the bytes a trial that reach the sweep's folder. Workers, trials and
controller share this machine's cores, which separate machines would not.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from measure import machine, ratios, spread
from overhead import time_whole_trial

from fashion_wb.executors.dask_cluster.executor import DaskExecutor
from fashion_wb.executors.dask_cluster.options import RENDEZVOUS, ClusterOptions
from fashion_wb.executors.local import LocalExecutor
from fashion_wb.executors.protocol import Executor
from fashion_wb.executors.slots import Slot
from fashion_wb.offline.controller import run_sweeps
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.progress import Progress
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.search.factory import make_search
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import TrialState

PROGRAM = """
import time
import wandb

if __name__ == "__main__":
    with wandb.init() as run:
        time.sleep(run.config.seconds)
        run.log({"loss": run.config.x})
"""


def make_runner(root: Path, name: str, trials: int, seconds: float) -> SweepRunner:
    """Make a random sweep of PROGRAM, which is in `root`."""
    config = {
        "method": "random",
        "program": "prog.py",
        "metric": {"name": "loss"},
        "parameters": {"x": {"min": 0.0, "max": 1.0}, "seconds": {"value": seconds}},
    }
    folder = open_sweep_dir(root / name, make_sweep(config, name), seed=0)
    sampler, pruner = make_search(folder.sweep, folder.sweep_id, seed=0)
    return SweepRunner(folder, OngoingSearch(sampler, pruner, trials, trials), root, patience=600.0)


@contextlib.contextmanager
def cluster(root: Path, workers: int, slots: int) -> Iterator[DaskExecutor]:
    """Yield an executor with as many workers on this machine, once they have joined."""
    argv = [sys.executable, "-c", "from fashion_wb.cli import main; main()", "worker", str(root / RENDEZVOUS)]
    with DaskExecutor(root / "prog.py", root, root, ClusterOptions(listen="127.0.0.1")) as executor:
        processes = [
            subprocess.Popen([*argv, "--workers", str(slots)], cwd=root, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        try:
            deadline = time.monotonic() + 120
            while executor.slots < workers * slots:
                if time.monotonic() > deadline:
                    raise click.ClickException("the workers did not join")
                executor.events(0.1)
            yield executor
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


def compare_overhead(root: Path, pairs: int) -> None:
    """Print what a trial costs here and on a worker."""
    with LocalExecutor(root / "prog.py", [Slot()]) as near, cluster(root, 1, 1) as far:
        sides: list[tuple[SweepRunner, Executor]] = [
            (make_runner(root, "near", pairs + 1, 0.0), near),
            (make_runner(root, "far", pairs + 1, 0.0), far),
        ]
        for side in sides:
            time_whole_trial(*side)  # the first fills caches; not counted
        seconds = [[time_whole_trial(*side) for side in sides] for _ in range(pairs)]
    local, dask = ([pair[side] for pair in seconds] for side in (0, 1))
    print(f"a trial that logs one row, proposal to result, n = {pairs} pairs")
    print(f"  one machine   {spread(local)} s")
    print(f"  Dask          {spread(dask)} s, times one machine {spread(ratios(dask, local), 2)}")


def fill_slots(root: Path, trials: int, workers: int, slots: int) -> None:
    """Print how well a sweep of one-second trials fills a cluster."""
    runner = make_runner(root, "many", trials, 1.0)
    with cluster(root, workers, slots) as executor, Path(os.devnull).open("w") as nowhere:
        began, cpu_began = time.monotonic(), time.process_time()
        run_sweeps([runner], executor, Progress([runner], nowhere))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu_began
    finished = sum(trial.state is TrialState.FINISHED for trial in runner.trials)
    size = sum(path.stat().st_size for path in runner.folder.root.glob("wandb/*run-*/**/*") if path.is_file())
    ideal = trials / (workers * slots)
    print(f"{trials} trials of one second over {workers} workers x {slots} slots, n = 1; {finished} finished")
    print(f"  wall {seconds:.1f} s, ideal {ideal:.1f} s: {ideal / seconds:.0%} of the ideal")
    print(f"  controller CPU a trial {1000 * cpu / trials:.1f} ms, {cpu / seconds:.0%} of one core")
    print(f"  received a trial {size / trials / 1024:.1f} KiB")


@click.command()
@click.option("--pairs", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--trials", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--slots", type=click.IntRange(min=1), default=4, show_default=True)
def main(pairs: int, trials: int, workers: int, slots: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        (root / "prog.py").write_text(PROGRAM)
        compare_overhead(root, pairs)
        fill_slots(root, trials, workers, slots)
    print(machine())


if __name__ == "__main__":
    main()
