"""From a checked sweep, or several, to finished trials: folders, searches, workers, progress."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TextIO

from fashion_wb import datafiles
from fashion_wb.controller import run_sweeps
from fashion_wb.errors import FashionWbError
from fashion_wb.files import locked
from fashion_wb.offline import SweepRunner
from fashion_wb.progress import Progress
from fashion_wb.samplers import make_search
from fashion_wb.sweepdir import SweepDir, open_sweep_dir
from fashion_wb.sweepfile import TRAIN_PROGRAM, Sweep
from fashion_wb.workers import WorkerPool


@dataclass(frozen=True)
class RunOptions:
    """How to run sweeps; none of it changes what is searched.

    Attributes:
        workers: trials at once, at least 1; None for one a core, but no more of a sweep than a fifth of its
            trials: a model that is shown no result until half the budget is spent is random search.
        cwd: the directory the trials run in, where W&B's agent would be started.
        patience: seconds a trial may go without logging before it counts as hung.
        warm: whether to fork trials from a process that has imported the program's modules.
        data_dir: where Fashion-MNIST is; None to look for it.
    """

    workers: int | None
    cwd: Path
    patience: float
    warm: bool = True
    data_dir: Path | None = None


def run_offline(
    sweeps: Sequence[tuple[Path, Sweep]], seed: int, count: int | None, options: RunOptions, stream: TextIO
) -> list[SweepDir]:
    """Run sweeps offline, side by side, each in its folder; sweeps already begun there go on.

    Args:
        sweeps: a folder and a sweep each.
        seed: of every search, at least 0.
        count: most trials of each sweep; its `run_cap` holds as well.
        options: how to run.
        stream: where progress is printed.

    Returns:
        The folders, in the order given.

    Raises:
        FashionWbError: a bad program or space, another process on the same folder, a failing program.
        Interrupted: the user stopped it.
    """
    for _, sweep in sweeps:
        _check_program(sweep, options.cwd)
        _cap(sweep, count)
    if any(_script(sweep, options.cwd) == TRAIN_PROGRAM for _, sweep in sweeps):
        datafiles.ensure(options.data_dir)
        if options.data_dir is not None:
            os.environ[datafiles.ENVIRONMENT] = str(options.data_dir.resolve())
    workers = options.workers if options.workers is not None else cores()
    folders = [open_sweep_dir(folder, sweep, seed) for folder, sweep in sweeps]
    if all(_is_complete(folder, _cap(folder.sweep, count)) for folder in folders):
        print("Every trial has ended already.", file=stream, flush=True)
        return folders
    print(f"Starting workers for {workers} trials at once ...", file=stream, flush=True)
    with contextlib.ExitStack() as stack:
        locks = [stack.enter_context(locked(folder.root)) for folder in folders]
        # A scheduler block's source is found from where the trials run, as wandb sweep-scheduler finds it.
        stack.enter_context(contextlib.chdir(options.cwd))
        program = _script(sweeps[0][1], options.cwd) if options.warm else None
        pool = stack.enter_context(WorkerPool(program, hold=locks))
        share = ceil(workers / len(folders))
        runners = [_runner(folder, count, share, options) for folder in folders]
        run_sweeps(runners, pool, workers, Progress(runners, workers, stream))
    return folders


def _runner(folder: SweepDir, count: int | None, share: int, options: RunOptions) -> SweepRunner:
    sampler, pruner = make_search(folder.sweep, folder.sweep_id, folder.seed)
    cap = _cap(folder.sweep, count)
    fifth = share if cap is None or options.workers is not None else max(1, cap // 5)
    return SweepRunner(
        folder=folder,
        sampler=sampler,
        pruner=pruner,
        cap=cap,
        parallel=min(share, fifth),
        cwd=options.cwd,
        patience=options.patience,
        warm=options.warm,
    )


def _is_complete(folder: SweepDir, cap: int | None) -> bool:
    trials = folder.read_trials()
    return cap is not None and len(trials) >= cap and all(trial.state.ended for trial in trials)


def _cap(sweep: Sweep, count: int | None) -> int | None:
    caps = [cap for cap in (count, sweep.run_cap) if cap is not None]
    if not caps and sweep.config["method"] != "grid":
        raise FashionWbError(f"{sweep.name}: has no run_cap and would never end; add run_cap or give --count")
    return min(caps) if caps else None


def _script(sweep: Sweep, cwd: Path) -> Path | None:
    return None if sweep.program is None else (cwd / sweep.program).resolve()


def _check_program(sweep: Sweep, cwd: Path) -> None:
    script = _script(sweep, cwd)
    if script is not None and not script.is_file():
        raise FashionWbError(
            f"{sweep.name}: program {sweep.program} is not in {cwd}; "
            "run from the directory that holds it, as for wandb agent"
        )


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
