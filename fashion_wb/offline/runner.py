"""One sweep in progress: start, watch and stop its trials, as W&B's server and agent would."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fashion_wb.executors.command import kill_delay
from fashion_wb.executors.protocol import Event, Executor, Exited, Lost
from fashion_wb.offline.launching import make_launch
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.watched_trial import WatchedTrial
from fashion_wb.sweep_folder.attempts import Attempts, read_attempts, write_attempts
from fashion_wb.sweep_folder.new_logs import NewLogs
from fashion_wb.sweep_folder.sweep_dir import SweepDir, state_from_log
from fashion_wb.trial import Metric, Outcome, Trial, TrialState


@dataclass
class SweepRunner:
    """Runs one sweep's trials on an executor that other sweeps may share.

    Attributes:
        folder: the sweep's folder.
        search: its trials so far, and what follows from them.
        cwd: the directory that trials run in.
        patience: seconds a trial may go without logging before it counts as hung.
        timeout: seconds that one attempt at a trial may take, from the start of its process; None means no
            limit.
        memory: bytes of memory that a trial may use; None means no limit.
        warm: whether a trial may be forked from a warm process where the command allows it.
        priority: runners of lower priority start their trials first.
        elsewhere: the run ids of trials that still run, started by an earlier process.
        running: the trials whose process is running, by run id.
    """

    folder: SweepDir
    search: OngoingSearch
    cwd: Path
    patience: float
    warm: bool = True
    priority: int = 0
    timeout: float | None = None
    memory: int | None = None
    elsewhere: frozenset[str] = frozenset()
    running: dict[str, WatchedTrial] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kill_delay = kill_delay()
        self._watched_at = time.monotonic()
        self._logs = NewLogs(self.folder)
        self.search.trials = self.folder.read_trials()
        for trial in self.trials:
            if trial.run_id in self.elsewhere:
                self._watch_new(trial)
            elif not trial.state.ended:
                self._set_aside(trial)
            else:
                self.folder.forget_checkpoint(trial.run_id)

    @property
    def metric(self) -> Metric | None:
        """The sweep's objective."""
        return self.folder.sweep.metric

    @property
    def trials(self) -> list[Trial]:
        """All trials so far, by number."""
        return self.search.trials

    def running_numbers(self) -> list[int]:
        """Return the numbers of the running trials."""
        return [watched.number for watched in self.running.values()]

    def record_start(self, run_id: str) -> None:
        """Note that a trial's process starts now: its patience and its time begin."""
        if run_id in self.running:
            self.running[run_id].process_starts(time.monotonic())

    def can_start(self) -> bool:
        """Tell whether a trial can start now."""
        return self.search.can_start(len(self.running))

    def start_next(self, executor: Executor) -> bool:
        """Start the next trial, if the sampler has one."""
        if self.search.waiting:
            trial = self.trials[self.search.waiting.pop(0)]
            attempts = read_attempts(self.folder, trial.run_id).next()
            write_attempts(attempts, self.folder, trial.run_id)
            self._launch(trial, attempts, executor)
            return True
        config = self.search.ask()
        if config is None:
            return False
        run_id = self.folder.propose(len(self.trials), config)
        self._launch(self.search.add(run_id, config), Attempts(), executor)
        return True

    def watch(self, executor: Executor, logged: Collection[str]) -> None:
        """Read what running trials have logged; stop those that the pruner names; kill those that hang.

        Args:
            executor: runs the trials.
            logged: the run ids of trials whose logs may have grown.
        """
        have_logged = [w for w in self.running.values() if w.run_id in logged and self._read_log(w)]
        for one in self.running.values():
            if one.damage and one.can_be_stopped:
                # Before the pruner names it: what it logs from now on cannot be read.
                self._stop(one, Outcome(TrialState.FAILED, one.damage), executor)
        for number, outcome in self.search.to_stop().items() if have_logged else ():
            watched = self.running.get(self.trials[number].run_id)
            if watched is not None and watched.can_be_stopped:
                self._stop(watched, outcome, executor)
        now = time.monotonic()
        self._allow_for_pause(now)
        for watched in self.running.values():
            why = watched.takes_too_long(now, self.patience, self.timeout)
            if why and watched.can_be_stopped:
                self._stop(watched, Outcome(TrialState.FAILED, f"{why} and was killed"), executor)
            elif watched.hangs_after_its_run(now, self.patience):
                watched.outlived_run = True
                executor.signal(watched.run_id, signal.SIGKILL)
            elif watched.stop_sent_at is not None and now - watched.stop_sent_at > self._kill_delay:
                executor.signal(watched.run_id, signal.SIGKILL)

    def _allow_for_pause(self, now: float) -> None:
        """Do not hold it against trials that this process stood still, by Ctrl-Z for example."""
        gap, self._watched_at = now - self._watched_at, now
        for watched in self.running.values():
            watched.allow_for_pause(gap, self.patience, self.timeout)

    def interrupt(self, executor: Executor | None) -> None:
        """Stop every running trial cleanly; they run again when the sweep is resumed.

        Without an executor they have ended already, with it.
        """
        for watched in self.running.values():
            self._read_log(watched)
            if watched.can_be_stopped:
                self._stop(watched, Outcome(TrialState.RUNNING), executor)

    def ended_by_others(self, events: Sequence[Event]) -> bool:
        """Tell whether SIGTERM that was not sent from here has ended a trial."""
        ended = [one.key for one in events if isinstance(one, Exited) and one.status == -signal.SIGTERM]
        return any(key in self.running and self.running[key].stop_sent_at is None for key in ended)

    def record_exit(self, exited: Exited) -> Trial:
        """Determine and record the outcome of a trial whose process has exited; return the trial with it.

        An interrupted trial stays in the state "running".
        """
        watched = self.running.pop(exited.key)
        watched.read_last(self.folder, self._logs, exited.status)
        outcome = watched.outcome(self.folder, exited.status, exited.reason)
        self._update(watched, outcome, exited.machine)
        return self.trials[watched.number]

    def record_loss(self, lost: Lost, counts: bool = True) -> Trial:
        """Record that the machine that ran a trial is gone; return the trial.

        It stays in the state "running", and starts again with its next attempt. It has ended instead if its
        outcome is known already, from its log or because it was told to stop; or if it has been lost too
        often. A loss that the trial had no part in does not count.
        """
        run_id = lost.key
        watched = self.running.pop(run_id)
        self._read_log(watched, last=True)
        recorded = self.folder.outcome(run_id)
        outcome = recorded or state_from_log(watched.log, self.metric)
        if counts and recorded is None and not outcome.state.ended:
            attempts = read_attempts(self.folder, run_id).lost(lost.reason)
            write_attempts(attempts, self.folder, run_id)
            if attempts.failure:
                outcome = Outcome(TrialState.FAILED, attempts.failure)
                self.folder.record_outcome(run_id, outcome.state, outcome.reason)
        self._update(watched, outcome, lost.machine)
        if not outcome.state.ended:
            self._set_aside(self.trials[watched.number])
        return self.trials[watched.number]

    def failure(self, machines: int = 1) -> str:
        """Say why the sweep stops because its program always fails; "" if it does not.

        `machines` is how many run its trials.
        """
        breaker = self.search.breaker
        if not breaker.is_open(machines):
            return ""
        last = self.search.last_failure()
        return (
            f"{self.folder.sweep.name}: {breaker.failures_in_a_row} trials in a row failed; the sweep "
            f"stops so that it does not use up its budget. The last one, trial {last.number}: {last.reason}. "
            f"Its output: {self.folder.output_file(last.run_id)}"
        )

    def _set_aside(self, trial: Trial) -> None:
        self.folder.set_aside(trial.run_id)
        self.search.interrupt(trial.number)

    def _launch(self, trial: Trial, attempts: Attempts, executor: Executor) -> None:
        launch = make_launch(self.folder, trial, attempts.started, self.cwd, self.warm, self.memory)
        executor.start(launch)
        self._watch_new(trial)

    def _watch_new(self, trial: Trial) -> None:
        self.running[trial.run_id] = WatchedTrial(trial.number, trial.run_id, time.monotonic())

    def _stop(self, watched: WatchedTrial, outcome: Outcome, executor: Executor | None) -> None:
        # Recorded first: if this process is killed before the signal, the outcome is already known. What it
        # was judged by is on disk before that.
        if outcome.state.ended and watched.log is not None:
            self.folder.sync_log(watched.log)
        self.folder.record_outcome(watched.run_id, outcome.state, outcome.reason, outcome.stop)
        watched.stop_sent_at = time.monotonic()
        if executor is not None:
            executor.signal(watched.run_id, signal.SIGTERM)

    def _read_log(self, watched: WatchedTrial, last: bool = False) -> bool:
        """Read what a trial has logged since the last call; tell whether that was anything."""
        has_logged = watched.read_log(self.folder, self._logs, last)
        if has_logged:
            self._update(watched, Outcome(TrialState.RUNNING))
        return has_logged

    def _update(self, watched: WatchedTrial, outcome: Outcome, machine: str = "") -> None:
        state, reason, stop = outcome.state, outcome.reason, outcome.stop
        self.search.update(watched.number, state, watched.history, reason, stop, machine)
        if outcome.state.ended:
            if watched.log is not None:
                self.folder.sync_log(watched.log)
            self.folder.forget_checkpoint(watched.run_id)
