"""One sweep in progress: start, watch and stop its trials, as W&B's server and agent would."""

from __future__ import annotations

import signal
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fashion_wb.executors.command import kill_delay
from fashion_wb.executors.protocol import Executor
from fashion_wb.offline.breaker import CircuitBreaker
from fashion_wb.offline.budget import Budget
from fashion_wb.offline.launching import make_launch
from fashion_wb.offline.watched_trial import WatchedTrial
from fashion_wb.search.protocol import Pruner, Sampler
from fashion_wb.sweep_folder.attempts import Attempts, read_attempts, write_attempts
from fashion_wb.sweep_folder.sweep_dir import SweepDir, state_from_log
from fashion_wb.trial import Metric, Trial, TrialState


@dataclass
class SweepRunner:
    """Runs one sweep's trials on an executor that other sweeps may share.

    Attributes:
        folder: the sweep's folder.
        sampler, pruner: the search.
        cap: maximum number of trials; None if only the sampler limits it.
        parallel: maximum number of trials at once. Suggestion k sees the results of trials 0 to k - parallel
            only, even if more have ended. So it does not depend on which trial happens to be faster, nor on
            how many slots there are.
        cwd: the directory that trials run in.
        patience: seconds a trial may go without logging before it counts as hung.
        warm: whether a trial may be forked from a warm process where the command allows it.
        budget: what its trials may spend together; None if there is no such limit.
        priority: runners of lower priority start their trials first.
        elsewhere: the run ids of trials that still run, started by an earlier process.
        trials: all trials so far, by number.
        running: the trials whose process is running, by run id.
    """

    folder: SweepDir
    sampler: Sampler
    pruner: Pruner
    cap: int | None
    parallel: int
    cwd: Path
    patience: float
    warm: bool = True
    budget: Budget | None = None
    priority: int = 0
    elsewhere: frozenset[str] = frozenset()
    trials: list[Trial] = field(default_factory=list)
    running: dict[str, WatchedTrial] = field(default_factory=dict)
    _interrupted: list[int] = field(default_factory=list)
    _exhausted: bool = False
    _breaker: CircuitBreaker = field(default_factory=CircuitBreaker)

    def __post_init__(self) -> None:
        self._kill_delay = kill_delay()
        self.trials = self.folder.read_trials()
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
    def started(self) -> int:
        """How many trials have started, without those that were interrupted and have to run again."""
        return len(self.trials) - len(self._interrupted)

    def running_numbers(self) -> list[int]:
        """Return the numbers of the running trials."""
        return [watched.number for watched in self.running.values()]

    def record_start(self, run_id: str) -> None:
        """Note that a trial's process starts now: its patience begins."""
        if run_id in self.running:
            self.running[run_id].last_activity_at = time.monotonic()

    def can_start(self) -> bool:
        """Tell whether a trial can start now."""
        if len(self.running) >= self.parallel:
            return False
        if self._interrupted:
            return True
        return self._may_propose() and self._shown_results_known() and self._has_room()

    def start_next(self, executor: Executor) -> bool:
        """Start the next trial, if the sampler has one."""
        if self._interrupted:
            trial = self.trials[self._interrupted.pop(0)]
            attempts = read_attempts(self.folder, trial.run_id).next()
            write_attempts(attempts, self.folder, trial.run_id)
            self._launch(trial, attempts, executor)
            return True
        config = self.sampler.ask(self._shown_trials())
        if config is None:
            self._exhausted = True
            return False
        number = len(self.trials)
        run_id = self.folder.propose(number, config)
        self.trials.append(Trial(number, run_id, config, TrialState.RUNNING))
        self._launch(self.trials[number], Attempts(), executor)
        return True

    def watch(self, executor: Executor, logged: Collection[str]) -> None:
        """Read what running trials have logged; stop those that the pruner names; kill those that hang.

        Args:
            executor: runs the trials.
            logged: the run ids of trials whose logs may have grown.
        """
        have_logged = [w for w in self.running.values() if w.run_id in logged and self._read_log(w)]
        for number in self.pruner.stop(self.trials) if have_logged else set():
            watched = self.running.get(self.trials[number].run_id)
            if watched is not None and watched.can_be_stopped:
                self._stop(watched, TrialState.STOPPED, "", executor)
        now = time.monotonic()
        for watched in self.running.values():
            silent = now - watched.last_activity_at > self.patience
            if silent and watched.can_be_stopped:
                reason = f"logged nothing for {self.patience:g} s and was killed"
                self._stop(watched, TrialState.FAILED, reason, executor)
            elif silent and watched.stop_sent_at is None:
                # The run has finished; only its process does not exit.
                watched.outlived_run = True
                executor.signal(watched.run_id, signal.SIGKILL)
            elif watched.stop_sent_at is not None and now - watched.stop_sent_at > self._kill_delay:
                executor.signal(watched.run_id, signal.SIGKILL)

    def interrupt(self, executor: Executor) -> None:
        """Stop every running trial cleanly; they run again when the sweep is resumed."""
        for watched in self.running.values():
            self._read_log(watched)
            if watched.can_be_stopped:
                self._stop(watched, TrialState.RUNNING, "", executor)

    def record_exit(self, run_id: str, status: int) -> Trial:
        """Determine and record the outcome of a trial whose process has exited; return the trial with it.

        An interrupted trial stays in the state "running".

        Args:
            run_id: the trial's run id.
            status: exit status of the process; negative for a signal.
        """
        watched = self.running.pop(run_id)
        watched.read_last(self.folder, status)
        self._update(watched, *watched.outcome(self.folder, status))
        return self.trials[watched.number]

    def record_loss(self, run_id: str, reason: str, counts: bool = True) -> Trial:
        """Record that the machine that ran a trial is gone; return the trial.

        It stays in the state "running", and starts again with its next attempt. It has ended instead if its
        outcome is known already, from its log or because it was told to stop; or if it has been lost too
        often. A loss that the trial had no part in does not count.
        """
        watched = self.running.pop(run_id)
        self._read_log(watched)
        recorded = self.folder.outcome(run_id)
        state, known = recorded or state_from_log(watched.log, self.metric)
        if counts and recorded is None and not state.ended:
            attempts = read_attempts(self.folder, run_id).lost(reason)
            write_attempts(attempts, self.folder, run_id)
            if attempts.failure:
                state, known = TrialState.FAILED, attempts.failure
                self.folder.record_outcome(run_id, state, known)
        self._update(watched, state, known)
        if not state.ended:
            self._set_aside(self.trials[watched.number])
        return self.trials[watched.number]

    def failure(self) -> str:
        """Say why the sweep stops because its program always fails; "" if it does not."""
        if not self._breaker.open:
            return ""
        last = next(trial for trial in reversed(self.trials) if trial.state is TrialState.FAILED)
        return (
            f"{self.folder.sweep.name}: {self._breaker.failures_in_a_row} trials in a row failed; the sweep "
            f"stops so that it does not use up its budget. The last one, trial {last.number}: {last.reason}. "
            f"Its output: {self.folder.output_file(last.run_id)}"
        )

    def _set_aside(self, trial: Trial) -> None:
        self.folder.set_aside(trial.run_id)
        self.trials[trial.number] = replace(trial, history=())
        self._interrupted.append(trial.number)

    def _may_propose(self) -> bool:
        return not self._exhausted and (self.cap is None or len(self.trials) < self.cap)

    def _shown_count(self) -> int:
        """Return how many trials, from the first, the next suggestion may see the results of."""
        return max(0, len(self.trials) - self.parallel + 1)

    def _shown_results_known(self) -> bool:
        shown = self.trials[: self._shown_count()]
        return not self.sampler.needs_results or all(trial.state.ended for trial in shown)

    def _has_room(self) -> bool:
        return self.budget is None or self.budget.has_room(self.trials, self._shown_count())

    def _shown_trials(self) -> Sequence[Trial]:
        count = self._shown_count()
        return [
            t if t.number < count else replace(t, state=TrialState.RUNNING, history=()) for t in self.trials
        ]

    def _launch(self, trial: Trial, attempts: Attempts, executor: Executor) -> None:
        executor.start(make_launch(self.folder, trial, attempts.started, self.cwd, self.warm))
        self._watch_new(trial)

    def _watch_new(self, trial: Trial) -> None:
        watched = WatchedTrial(trial.number, trial.run_id, last_activity_at=time.monotonic())
        self.running[trial.run_id] = watched

    def _stop(self, watched: WatchedTrial, state: TrialState, reason: str, executor: Executor) -> None:
        # Recorded first: if this process is killed before the signal, the outcome is already known.
        self.folder.record_outcome(watched.run_id, state, reason)
        watched.stop_sent_at = time.monotonic()
        executor.signal(watched.run_id, signal.SIGTERM)

    def _read_log(self, watched: WatchedTrial) -> bool:
        """Read what a trial has logged since the last call; tell whether that was anything."""
        has_logged = watched.read_log(self.folder)
        if has_logged:
            self._update(watched, TrialState.RUNNING, "")
        return has_logged

    def _update(self, watched: WatchedTrial, state: TrialState, reason: str) -> None:
        self.trials[watched.number] = replace(
            self.trials[watched.number], state=state, history=watched.history, reason=reason
        )
        if state.ended:
            self._breaker.count(state)
            self.folder.forget_checkpoint(watched.run_id)
