"""Replay the searches of a study: a table answers instead of training, in several processes."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, TypeVar

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.plan import PlannedSweep, trial_cap
from fashion_wb.replay.search import replay_search
from fashion_wb.replay.table import Table, read_table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.runlog.writing import WrittenRun, write_run
from fashion_wb.search.factory import start_search
from fashion_wb.search.seeds import stable_seed
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.start import Start
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.parameters import value_of
from fashion_wb.trial import Trial, TrialState

# Imported once, in the process that the others are forked from.
_PRELOADED = [
    *("fashion_wb.study.replayed", "fashion_wb.sweepfile.sweeps_package", "fashion_wb.search.studies"),
    "sweeps.bayes_search",
]
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class ReplayedSearch:
    """A search that a table has answered.

    Attributes:
        plan: what was searched, and how.
        sweep_id: an id like W&B's, the same for the same plan.
        trials: its trials, by number; each has ended.
        seed_parameter: the parameter with the training seed; None if there is none.
    """

    plan: PlannedSweep
    sweep_id: str
    trials: tuple[Trial, ...]
    seed_parameter: str | None

    def whole(self, trial: Trial, table: Table) -> list[dict[str, Any]]:
        """Return what a trial would have logged if it had not been stopped."""
        return _training(table, self.plan, self.seed_parameter, trial.config).rows(trial.config)


def replay_plan(
    plan: PlannedSweep, table: Table, parallel: int, seed_parameter: str | None
) -> ReplayedSearch:
    """Replay one search; the same arguments give the same trials.

    Args:
        plan: the search. Only `allow_repeats` of what it starts from is used.
        table: answers it.
        parallel: trials at once, at least 1.
        seed_parameter: the parameter with the training seed, which chooses among the table's trainings;
            None if there is none: then the seed of the search does.

    Raises:
        FashionWbError: the space is not that of the table, or the sweep file has a mistake.
    """
    sweep_id = f"{stable_seed(plan.sweep.name, plan.seed):08x}"
    start = Start(allow_repeats=plan.start.allow_repeats)
    sampler, pruner = start_search(plan.sweep, sweep_id, plan.seed, start)
    search = OngoingSearch(sampler, pruner, trial_cap(plan.sweep, None, plan.budget), parallel, plan.budget)

    def rows_of(config: Mapping[str, Any]) -> list[dict[str, Any]]:
        return _training(table, plan, seed_parameter, config).rows(config)

    replay_search(search, rows_of, sweep_id)
    return ReplayedSearch(plan, sweep_id, tuple(search.trials), seed_parameter)


def replay_plans(
    planned: Sequence[PlannedSweep],
    table: Path,
    cwd: Path,
    parallel: int,
    seed_parameter: str | None,
    processes: int,
) -> Iterator[ReplayedSearch]:
    """Replay several searches, each as `replay_plan` does; yield them in the order given.

    Args:
        planned: the searches.
        table: the file of the table.
        cwd: the directory that trials would run in; `scheduler.source` is relative to it.
        parallel, seed_parameter: as for `replay_plan`.
        processes: how many searches are replayed side by side.

    Raises:
        FashionWbError: as `replay_plan`, or a process has died.
    """
    one = partial(_replay_here, table, cwd, parallel, seed_parameter)
    return in_processes(one, planned, processes)


def check_plans(planned: Sequence[PlannedSweep], table: Table, cwd: Path, seed_parameter: str | None) -> None:
    """Check that the table answers the first configuration of every method, before processes are started.

    Raises:
        FashionWbError: the space is not that of the table, or the sweep file has a mistake.
    """
    first = min(plan.priority for plan in planned)
    with contextlib.chdir(cwd):
        for plan in planned:
            if plan.priority == first:
                sampler, _ = start_search(plan.sweep, "check", plan.seed, Start())
                config = sampler.ask([]) or {}
                _training(table, plan, seed_parameter, config).rows(config)


def write_runs(search: ReplayedSearch, started: float) -> SweepDir:
    """Write a replayed search to its plan's folder as if its trials had run there, one after the other.

    Trials that are there already stay as they are.

    Args:
        search: the search.
        started: when its first trial started, in seconds since 1970.

    Raises:
        FashionWbError: the folder holds other trials.
    """
    plan = search.plan
    folder = open_sweep_dir(plan.folder, plan.sweep, plan.seed, search.sweep_id)
    project, known = str(plan.sweep.config.get("project", "")), folder.read_trials()
    if [trial.config for trial in known] != [trial.config for trial in search.trials[: len(known)]]:
        raise FashionWbError(f"{plan.folder}: holds other trials than the replay's; give another --out")
    written = {trial.run_id for trial in known if trial.state.ended}
    for trial in search.trials:
        if trial.run_id not in written:
            folder.propose(trial.number, trial.config)
            if trial.state is TrialState.STOPPED:
                folder.record_outcome(trial.run_id, trial.state, trial.reason, trial.stop)
            code = 255 if trial.state is TrialState.STOPPED else 0
            run = WrittenRun(
                trial.run_id, folder.sweep_id, project, trial.config, trial.history, code, started
            )
            write_run(run, folder.root)
        started += trial.seconds
    return folder


def in_processes(function: Callable[[Job], Result], jobs: Sequence[Job], processes: int) -> Iterator[Result]:
    """Call `function` with each of `jobs`, in `processes` processes of one thread each; yield in order.

    Args:
        function: can be pickled, as can jobs and results.
        jobs: its arguments.
        processes: at least 1.

    Raises:
        FashionWbError: a process has died.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    with _one_thread():
        pool = ProcessPoolExecutor(processes, context, initializer=_begin)
        try:
            yield from pool.map(function, jobs)
        except BrokenProcessPool:
            raise FashionWbError(
                "a process of the replay has died, perhaps for lack of memory: run the command again, with "
                "fewer --workers"
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _training(
    table: Table, plan: PlannedSweep, seed_parameter: str | None, config: Mapping[str, Any]
) -> ReplayedTraining:
    seed = plan.seed if seed_parameter is None else int(value_of(config, seed_parameter))
    return ReplayedTraining(table, seed)


def _replay_here(
    table: Path, cwd: Path, parallel: int, seed_parameter: str | None, plan: PlannedSweep
) -> ReplayedSearch:
    with contextlib.chdir(cwd):
        return replay_plan(plan, _read_once(table), parallel, seed_parameter)


_tables: dict[Path, Table] = {}


def _read_once(path: Path) -> Table:
    if path not in _tables:
        _tables[path] = read_table(path)
    return _tables[path]


def _begin() -> None:
    # Ctrl-C reaches every process of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker waits for its next job, even if who would give it was killed.
    threading.Thread(target=_end_with_first_process, daemon=True).start()


def _end_with_first_process() -> None:
    first = parent_process()
    if first is not None:
        first.join()
        os._exit(1)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    name, before = "OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS")
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
