"""Measure how searches scale: seconds per suggestion, and resuming and comparing thousands of runs.

    .venv/bin/python benchmarks/search_scale.py [--trials 10,100,1000] [--runs 1000,10000]

Suggestions: each method's sampler sees that many finished trials of ten epochs and is asked five times, each
time with one more trial. Prints median and range. The first call is shown separately, because it reads all
trials and imports what it needs.

Resuming: reads a sweep folder with that many W&B run logs of ten epochs each (copies of one that train.py
made, with their own ids). Then reads the same folder into the comparison table, and into all tables,
statistics, figures and report.html. Each step has its own process; its memory is the peak minus what it
started with.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from measure import machine, spread

from fashion_wb.study.methods import PROJECT_ROOT
from fashion_wb.study.plan import METHODS, plan_study
from fashion_wb.study.settings import StudyBudget, StudySettings
from fashion_wb.study.subject import own_subject
from fashion_wb.sweep_folder.opening import open_sweep_dir, read_sweep_dir
from fashion_wb.sweepfile.sweep import Sweep
from fashion_wb.trial import Trial, TrialState

EPOCHS = 10
ASKED = 5


def make_sweep(method: str, trials: int) -> Sweep:
    """Return the sweep that a study runs for a method."""
    settings = StudySettings(StudyBudget(trials), epochs=EPOCHS, seed_parameter="seed")
    (planned,) = plan_study(own_subject([method]), 1, settings, Path("no-study"))
    return planned.sweep


def make_trials(count: int) -> list[Trial]:
    """Make up finished trials over the study's space, with losses that fall epoch by epoch."""
    chance = random.Random(0)
    parameters = make_sweep("random", count).config["parameters"]
    constants = {name: spec["value"] for name, spec in parameters.items() if "value" in spec}
    trials = []
    for number in range(count):
        filters, lr = chance.randint(2, 15), 1e-4 * 30 ** chance.random()
        config = {**constants, "filters": filters, "lr": lr}
        base = 0.3 + 0.5 / filters + chance.gauss(0, 0.01)
        rows = tuple({"epoch": e, "_step": e - 1, "valid_loss": base + 0.3 / e} for e in range(1, EPOCHS + 1))
        trials.append(Trial(number, f"bench-{number:04d}", config, TrialState.FINISHED, rows))
    return trials


def suggestion_seconds(method: str, count: int) -> tuple[float, list[float]]:
    """Return seconds of the first suggestion after `count` trials, and of the following ones."""
    from fashion_wb.search.factory import make_search

    trials = make_trials(count + ASKED + 1)
    sampler, _ = make_search(make_sweep(method, len(trials)), "bench", seed=0)
    seconds = []
    for shown in range(count, count + ASKED + 1):
        began = time.perf_counter()
        config = sampler.ask(trials[:shown])
        seconds.append(time.perf_counter() - began)
        # The next trial is the one proposed.
        trials[shown] = replace(trials[shown], config=config)
    return seconds[0], seconds[1:]


def fill(root: Path, runs: int) -> None:
    """Fill a sweep folder with finished runs; each log is a copy of the same one."""
    folder = open_sweep_dir(root / "random", make_sweep("random", runs), seed=0)
    env = {**os.environ, "WANDB_MODE": "offline", "WANDB_DIR": str(root), "FASHION_WB_LIMIT": "500"}
    command = [sys.executable, PROJECT_ROOT / "train.py", "--epochs", str(EPOCHS)]
    subprocess.run(command, env=env, check=True, capture_output=True)
    (log,) = root.glob("wandb/offline-run-*/*.wandb")
    for trial in make_trials(runs):
        run_id = folder.propose(trial.number, trial.config)
        target = folder.root / "wandb" / f"offline-run-20260101_000000-{run_id}"
        target.mkdir()
        shutil.copyfile(log, target / f"run-{run_id}.wandb")
    shutil.rmtree(root / "wandb")


def resume(root: Path) -> None:
    """Read all trials, as repeating the command does first."""
    if not all(trial.state.ended for trial in read_sweep_dir(root / "random").read_trials()):
        raise click.ClickException("a copied run counts as unfinished")


def table(root: Path) -> None:
    """Read the runs' logs and make the comparison table."""
    from analysis.evidence import gather
    from analysis.sources.local import search_record
    from analysis.tables.comparison import to_text

    to_text(gather([search_record(read_sweep_dir(root / "random"))]), 100)


def compare(root: Path) -> None:
    """Do what `fashion-wb compare` does."""
    from analysis.outputs import write_comparison
    from analysis.sources.local import search_record

    write_comparison([search_record(read_sweep_dir(root / "random"))], root / "comparison")


def _apart(function: Callable[..., Any], arguments: tuple[Any, ...], results: Any) -> None:
    before = _most_memory()
    began, began_cpu = time.perf_counter(), time.process_time()
    value = function(*arguments)
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    results.put((value, seconds, cpu, _most_memory() - before))


def _most_memory() -> float:
    # Not getrusage: its maximum includes the process before exec.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def apart(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float, float]:
    """Call in a fresh process; return its value, wall and CPU seconds, and MiB of memory added."""
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    process = context.Process(target=_apart, args=(function, arguments, results))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise click.ClickException(f"{function.__name__} failed")
    return results.get()


@click.command()
@click.option("--trials", default="10,100,1000", show_default=True)
@click.option("--runs", default="1000,10000", show_default=True)
def main(trials: str, runs: str) -> None:
    """Measure and print."""
    print(f"{'suggestion':<12} {'trials':>6}  {'seconds (range)':<28} first")
    for method in METHODS:
        for count in map(int, trials.split(",")):
            (first, seconds), *_ = apart(suggestion_seconds, method, count)
            print(f"{method:<12} {count:>6}  {spread(seconds, 4):<28} {first:.3f}", flush=True)
    print(f"\n{'':<12} {'runs':>6}  {'seconds':>8} {'CPU':>8} {'MiB':>6}")
    for count in map(int, runs.split(",")):
        with tempfile.TemporaryDirectory() as root:
            fill(Path(root), count)
            for function in (resume, table, compare):
                _, seconds, cpu, memory = apart(function, Path(root))
                row = f"{function.__name__:<12} {count:>6}  {seconds:>8.2f} {cpu:>8.2f} {memory:>6.0f}"
                print(row, flush=True)
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
