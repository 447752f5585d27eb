"""Run planned sweeps, or reruns of their configurations, until every trial has ended."""

from __future__ import annotations

import contextlib
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import TextIO

from fashion_wb.executors.dask_cluster.options import ClusterOptions
from fashion_wb.executors.local import LocalExecutor, check_system
from fashion_wb.executors.protocol import Executor
from fashion_wb.executors.slots import Slot
from fashion_wb.files import locked
from fashion_wb.offline.controller import run_sweeps
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.plan import PlannedSweep, trial_cap
from fashion_wb.offline.progress import Progress
from fashion_wb.offline.reruns import ListSampler, RerunSet
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.offline.start.before import check_program, check_search
from fashion_wb.offline.start.notes import describe_start
from fashion_wb.offline.start.opening import Reader, make_reader, open_start, search_of
from fashion_wb.search.protocol import NoPruner
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.program import read_program
from fashion_wb.sweepfile.sweep import Sweep

# More than there can be slots.
_UNLIMITED = 1 << 20


@dataclass(frozen=True)
class RunOptions:
    """How to run sweeps.

    Attributes:
        cwd: the directory that trials run in, where you would start W&B's agent.
        patience: seconds a trial may go without logging before it counts as hung.
        trial_timeout: seconds that one attempt at a trial may take; None means no limit.
        trial_memory: bytes of memory that a trial may use; None means no limit.
        slots: what each trial gets of this machine; as many run at once, over all sweeps.
        parallel: trials at once in each search, at least 1; see `OngoingSearch`. None means as many as
            there are slots, shared among the searches that run side by side.
        held_back: whether a search that learns from results then runs at most a fifth of its trials at once:
            one that sees no result until half its budget is spent is random search.
        warm: whether to fork trials from a process that has imported the program's modules.
        cluster: the cluster whose machines run the trials instead of this one; None runs them here.
        cluster_folder: the absolute path of the folder that gets the cluster's rendezvous file.
    """

    cwd: Path
    patience: float
    slots: tuple[Slot, ...]
    parallel: int | None = None
    held_back: bool = True
    warm: bool = True
    cluster: ClusterOptions | None = None
    cluster_folder: Path = Path()
    trial_timeout: float | None = None
    trial_memory: int | None = None


class Session:
    """Runs planned sweeps and reruns of their configurations, all with one executor.

    Use it as a context manager: leaving it kills what still runs. The executor starts when there is a trial
    to run. From then on, the folders of the searches are locked, which protects their reruns too.
    """

    def __init__(self, options: RunOptions, stream: TextIO) -> None:
        """Args: `options` says how to run; `stream` is where progress is printed.

        Raises:
            FashionWbError: this system cannot run trials.
        """
        check_system()
        self._options = options
        self._stream = stream
        self._stack = contextlib.ExitStack()
        self._executor: Executor | None = None
        self._locks: dict[Path, int] = {}

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def run_sweeps(self, planned: Sequence[PlannedSweep], count: int | None) -> list[SweepDir]:
        """Run sweeps, each in its folder, by priority; a sweep that has started there continues.

        Args:
            planned: the sweeps, at least one; those of the same priority run side by side.
            count: maximum number of trials of each sweep; its `run_cap` applies as well.

        Returns:
            The folders, in the order given.

        Raises:
            FashionWbError: the program or the search space is invalid, another process uses a folder, or the
                program always fails.
            Interrupted: the user pressed Ctrl-C.
        """
        options = self._options
        for plan in planned:
            check_program(plan.sweep, options.cwd, options.warm)
            trial_cap(plan.sweep, count, plan.budget)
        read, first = make_reader(self._stream), min(plan.priority for plan in planned)
        for plan in planned:
            # The others are the same with other seeds.
            if plan.priority == first:
                check_search(plan, options.cwd, read)
        _prepare([plan.sweep for plan in planned], options.cwd)
        folders = self._open(planned, read)
        pairs = list(zip(planned, folders, strict=True))
        if all(_is_complete(plan, folder, count) for plan, folder in pairs):
            print("Every trial has already ended.", file=self._stream, flush=True)
            return folders
        # Sweeps of one priority share the slots, so a search does not depend on the number of priorities.
        share = ceil(max(1, len(options.slots)) / max(Counter(plan.priority for plan in planned).values()))
        self._run(folders, lambda: [_runner(*pair, count, share, options) for pair in pairs])
        return folders

    def _open(self, planned: Sequence[PlannedSweep], read: Reader) -> list[SweepDir]:
        folders = [open_sweep_dir(plan.folder, plan.sweep, plan.seed) for plan in planned]
        for plan, folder in zip(planned, folders, strict=True):
            open_start(folder, plan.start, read)
        # Searches of one study mostly start from the same.
        for line in dict.fromkeys(line for folder in folders for line in describe_start(folder)):
            print(line, file=self._stream, flush=True)
        return folders

    def run_reruns(self, rerun_sets: Sequence[RerunSet]) -> None:
        """Train the reruns that have not ended yet, all side by side.

        Raises:
            FashionWbError, Interrupted: as for `run_sweeps`.
        """
        incomplete = [reruns for reruns in rerun_sets if not reruns.complete]
        if incomplete:
            _prepare([reruns.folder.sweep for reruns in incomplete], self._options.cwd)
            searches = [reruns.search for reruns in incomplete]
            self._run(searches, lambda: [_rerun_runner(reruns, self._options) for reruns in incomplete])

    def _run(self, searches: Sequence[SweepDir], make_runners: Callable[[], list[SweepRunner]]) -> None:
        for search in searches:
            if search.root not in self._locks:
                self._locks[search.root] = self._stack.enter_context(locked(search.root))
        executor = self._executor or self._start(searches[0].sweep)
        runners = make_runners()
        run_sweeps(runners, executor, Progress(runners, self._stream))

    def _start(self, sweep: Sweep) -> Executor:
        cwd = self._options.cwd
        # A scheduler block's source is relative to where trials run, as for `wandb sweep-scheduler`.
        self._stack.enter_context(contextlib.chdir(cwd))
        program = sweep.script(cwd) if self._options.warm else None
        if self._options.cluster is None:
            self._executor = self._start_here(program)
        else:
            self._executor = self._start_cluster(program, self._options.cluster)
        return self._executor

    def _start_here(self, program: Path | None) -> Executor:
        slots = self._options.slots
        at_once = "one trial at a time" if len(slots) == 1 else f"up to {len(slots)} trials at once"
        print(f"Starting: {at_once} ...", file=self._stream, flush=True)
        return self._stack.enter_context(LocalExecutor(program, slots, keep_open=list(self._locks.values())))

    def _start_cluster(self, program: Path | None, cluster: ClusterOptions) -> Executor:
        # Not at the top: it needs Dask, which most installations do not have.
        from fashion_wb.executors.dask_cluster.executor import DaskExecutor

        executor = DaskExecutor(program, self._options.cwd, self._options.cluster_folder, cluster)
        self._stack.enter_context(executor)
        if executor.rendezvous is not None:
            worker = shlex.join(["fashion-wb", "worker", str(executor.rendezvous)])
            print(f"Waiting for machines. On each: {worker}", file=self._stream)
        self._stream.flush()
        return executor


def _runner(
    plan: PlannedSweep, folder: SweepDir, count: int | None, share: int, options: RunOptions
) -> SweepRunner:
    sampler, pruner = search_of(folder)
    cap = trial_cap(folder.sweep, count, plan.budget)
    parallel = options.parallel
    if parallel is None:
        # The machines of a cluster come and go; the suggestions must not depend on how many there are.
        parallel = share if options.cluster is None else (cap or _UNLIMITED)
        if options.held_back and cap is not None and sampler.needs_results:
            parallel = min(parallel, max(1, cap // 5))
    return SweepRunner(
        folder=folder,
        search=OngoingSearch(sampler, pruner, cap, parallel, plan.budget),
        cwd=options.cwd,
        patience=options.patience,
        timeout=options.trial_timeout,
        memory=options.trial_memory,
        warm=options.warm,
        priority=plan.priority,
    )


def _rerun_runner(reruns: RerunSet, options: RunOptions) -> SweepRunner:
    return SweepRunner(
        folder=reruns.folder,
        search=OngoingSearch(
            ListSampler(reruns.configs), NoPruner(), cap=len(reruns.configs), parallel=len(reruns.configs)
        ),
        cwd=options.cwd,
        patience=options.patience,
        timeout=options.trial_timeout,
        memory=options.trial_memory,
        warm=options.warm,
    )


def _prepare(sweeps: Sequence[Sweep], cwd: Path) -> None:
    for script in {sweep.script(cwd) for sweep in sweeps}:
        program = None if script is None else read_program(script)
        if program is not None:
            program.prepare()


def _is_complete(plan: PlannedSweep, folder: SweepDir, count: int | None) -> bool:
    cap = trial_cap(folder.sweep, count, plan.budget)
    if plan.budget is None and (cap is None or folder.count_trials() < cap):
        return False  # most often, and without reading thousands of trials, which their runner does again
    trials = folder.read_trials()
    spent = plan.budget is not None and plan.budget.is_spent(trials)
    return (spent or (cap is not None and len(trials) >= cap)) and all(trial.state.ended for trial in trials)
