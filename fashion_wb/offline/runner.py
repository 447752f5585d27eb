"""One sweep in progress: ask, start, watch, stop, record. Takes the place of W&B's server and agent."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fashion_wb.executors.command import build_command, kill_delay, offline_environment
from fashion_wb.executors.local import Launch, LocalExecutor
from fashion_wb.offline.breaker import CircuitBreaker
from fashion_wb.offline.budget import EpochBudget
from fashion_wb.offline.sweep_dir import SweepDir, judge_log
from fashion_wb.offline.watched_trial import WatchedTrial
from fashion_wb.runlog.reader import RunLog, RunLogError
from fashion_wb.search.protocol import Pruner, Sampler
from fashion_wb.trial import Metric, Trial, TrialState


@dataclass
class SweepRunner:
    """Runs one sweep's trials in a worker executor shared with others.

    Attributes:
        folder: the sweep's folder.
        sampler, pruner: the search.
        cap: most trials, or None to go on until the sampler has no more.
        parallel: most trials at once. Suggestion k is shown the results of trials 0 to k - parallel,
            whatever else has ended by then: so it does not depend on which trial happened to be faster.
        cwd: the directory the trials run in.
        patience: seconds a trial may go without logging before it counts as hung.
        warm: whether to fork trials from the executor's preloaded process where the command allows it.
        budget: the epochs its trials may spend between them, or None.
        turn: runners of an earlier turn start their trials first.
    """

    folder: SweepDir
    sampler: Sampler
    pruner: Pruner
    cap: int | None
    parallel: int
    cwd: Path
    patience: float
    warm: bool = True
    budget: EpochBudget | None = None
    turn: int = 0
    trials: list[Trial] = field(default_factory=list)
    active: dict[str, WatchedTrial] = field(default_factory=dict)
    _again: list[int] = field(default_factory=list)
    _exhausted: bool = False
    _breaker: CircuitBreaker = field(default_factory=CircuitBreaker)

    def __post_init__(self) -> None:
        self._kill_delay = kill_delay()
        self.trials = self.folder.read_trials()
        for trial in self.trials:
            if not trial.state.ended:
                self.folder.set_aside(trial.run_id)
                self.trials[trial.number] = replace(trial, history=())
                self._again.append(trial.number)

    @property
    def metric(self) -> Metric | None:
        """The sweep's objective."""
        return self.folder.sweep.metric

    @property
    def started(self) -> int:
        """How many trials have been started and not interrupted."""
        return len(self.trials) - len(self._again)

    def active_numbers(self) -> list[int]:
        """Numbers of the trials that run."""
        return [active.number for active in self.active.values()]

    def can_start(self) -> bool:
        """Whether a trial could be started now."""
        if len(self.active) >= self.parallel:
            return False
        if self._again:
            return True
        return self._more_to_propose() and self._results_are_in() and self._has_room()

    def start_next(self, executor: LocalExecutor) -> bool:
        """Start the next trial, if the sampler has one."""
        if self._again:
            number = self._again.pop(0)
        else:
            config = self.sampler.ask(self._shown())
            if config is None:
                self._exhausted = True
                return False
            number = len(self.trials)
            run_id = self.folder.propose(number, config)
            self.trials.append(Trial(number, run_id, config, TrialState.RUNNING))
        self._launch(self.trials[number], executor)
        return True

    def watch(self, executor: LocalExecutor) -> None:
        """Read what running trials have logged, stop those the pruner names, kill those that hang."""
        news = [active for active in self.active.values() if self._read(active)]
        for number in self.pruner.stop(self.trials) if news else set():
            active = self.active.get(self.trials[number].run_id)
            if active is not None and active.can_be_ended:
                self._end(active, TrialState.STOPPED, "", executor)
        now = time.monotonic()
        for active in self.active.values():
            silent = now - active.last_sign > self.patience
            if silent and active.can_be_ended:
                reason = f"logged nothing for {self.patience:g} s and was killed"
                self._end(active, TrialState.FAILED, reason, executor)
            elif silent and active.signalled is None:
                # The run is over and well; only its process does not come to an end.
                active.outlived_run = True
                executor.signal(active.run_id, signal.SIGKILL)
            elif active.signalled is not None and now - active.signalled > self._kill_delay:
                executor.signal(active.run_id, signal.SIGKILL)

    def interrupt(self, executor: LocalExecutor) -> None:
        """Have every running trial end in good order; it is run again when the sweep is resumed."""
        for active in self.active.values():
            self._read(active)
            if active.can_be_ended:
                self._end(active, TrialState.RUNNING, "", executor)

    def ended(self, run_id: str, status: int) -> Trial:
        """Take in the end of a trial's process; returns the trial with its outcome."""
        active = self.active.pop(run_id)
        self._read_to_the_end(active, status)
        state, reason = self.folder.outcome(run_id) or self._judge(active, status)
        self._update(active, state, reason)
        return self.trials[active.number]

    def failure(self) -> str:
        """Why the sweep had better end, or nothing: its program fails every time."""
        if not self._breaker.open:
            return ""
        last = next(trial for trial in reversed(self.trials) if trial.state is TrialState.FAILED)
        return (
            f"{self.folder.sweep.name}: {self._breaker.in_a_row} trials in a row failed, trial {last.number} "
            f"because it {last.reason}; the sweep ends here rather than use up its budget. "
            f"What that trial printed: {self.folder.output_file(last.run_id)}"
        )

    def _more_to_propose(self) -> bool:
        return not self._exhausted and (self.cap is None or len(self.trials) < self.cap)

    def _due(self) -> int:
        return max(0, len(self.trials) - self.parallel + 1)

    def _results_are_in(self) -> bool:
        due = self.trials[: self._due()]
        return not self.sampler.needs_results or all(trial.state.ended for trial in due)

    def _has_room(self) -> bool:
        return self.budget is None or self.budget.has_room(self.trials, self._due())

    def _shown(self) -> Sequence[Trial]:
        due = self._due()
        return [
            t if t.number < due else replace(t, state=TrialState.RUNNING, history=()) for t in self.trials
        ]

    def _launch(self, trial: Trial, executor: LocalExecutor) -> None:
        config_file = self.folder.config_file(trial.run_id)
        command = build_command(self.folder.sweep, trial.config, config_file.with_suffix(".json"), self.cwd)
        warm = self.warm and command.script == executor.program and not executor.cannot_fork()
        folder = self.folder
        env = offline_environment(
            folder.sweep, folder.sweep_id, trial.run_id, folder.root, config_file, folder.job
        )
        executor.start(
            Launch(
                key=trial.run_id,
                argv=command.script_argv if warm else command.argv,
                env=env,
                cwd=self.cwd,
                output=self.folder.output_file(trial.run_id),
                program=command.script if warm else None,
            )
        )
        self.active[trial.run_id] = WatchedTrial(trial.number, trial.run_id, last_sign=time.monotonic())

    def _end(self, active: WatchedTrial, state: TrialState, reason: str, executor: LocalExecutor) -> None:
        # On record first: a controller killed between the two lines must not take the trial for another.
        self.folder.record_outcome(active.run_id, state, reason)
        active.signalled = time.monotonic()
        executor.signal(active.run_id, signal.SIGTERM)

    def _read(self, active: WatchedTrial) -> bool:
        if active.log is None:
            path = self.folder.find_log(active.run_id)
            if path is None:
                return False
            active.log = RunLog(path)
        before = len(active.log.history)
        try:
            active.log.read_new()
        except RunLogError as error:
            # A damaged log costs its trial, and nothing else.
            self.folder.record_outcome(active.run_id, TrialState.FAILED, str(error))
        if len(active.log.history) == before:
            return False
        active.last_sign = time.monotonic()
        self._update(active, TrialState.RUNNING, "")
        return True

    def _read_to_the_end(self, active: WatchedTrial, status: int) -> None:
        deadline = active.log_deadline(status)
        self._read(active)
        while active.log is not None and active.log.exit_code is None and time.monotonic() < deadline:
            time.sleep(0.01)
            self._read(active)

    def _update(self, active: WatchedTrial, state: TrialState, reason: str) -> None:
        history: tuple[Any, ...] = tuple(active.log.history) if active.log else ()
        self.trials[active.number] = replace(
            self.trials[active.number], state=state, history=history, reason=reason
        )
        if state.ended:
            self._breaker.count(state)

    def _judge(self, active: WatchedTrial, status: int) -> tuple[TrialState, str]:
        state, reason = judge_log(active.log, self.metric)
        if state is TrialState.FINISHED and (status == 0 or active.outlived_run):
            return state, reason
        if state is not TrialState.FAILED:
            reason = active.why(status)
        self.folder.record_outcome(active.run_id, TrialState.FAILED, reason)
        return TrialState.FAILED, reason
