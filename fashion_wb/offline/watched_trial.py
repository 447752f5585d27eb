"""A trial whose process is running: what its run's log says so far, and why its process exited."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from typing import Any

from fashion_wb.runlog.last_record import wait_for_last_record
from fashion_wb.runlog.reader import RunLog, RunLogError
from fashion_wb.sweep_folder.new_logs import NewLogs
from fashion_wb.sweep_folder.sweep_dir import SweepDir, state_from_log
from fashion_wb.trial import Outcome, TrialState


@dataclass
class WatchedTrial:
    """The process and log of a running trial; `fashion_wb.trial.Trial` has its configuration and results.

    Attributes:
        number, run_id: the number and run id of its `Trial`.
        last_activity_at: time.monotonic() when it was started or last logged.
        log: its run's log; None until there is one.
        stop_sent_at: time.monotonic() when it was sent SIGTERM; None if it was not.
        outlived_run: whether its run finished but its process had to be killed.
        started: time.time() when it was started.
        process_began_at: time.monotonic() when its process started; None if it has not yet.
        damage: what is wrong with its log; nothing after that can be read.
    """

    number: int
    run_id: str
    last_activity_at: float
    log: RunLog | None = None
    stop_sent_at: float | None = None
    outlived_run: bool = False
    started: float = field(default_factory=time.time)
    process_began_at: float | None = None
    damage: str = ""

    @property
    def can_be_stopped(self) -> bool:
        """Whether a signal would change its outcome: it has got none yet, and its run has not ended."""
        return self.stop_sent_at is None and (self.log is None or self.log.exit_code is None)

    @property
    def history(self) -> tuple[Any, ...]:
        """The rows that it has logged so far."""
        return () if self.log is None else tuple(self.log.history)

    def process_starts(self, now: float) -> None:
        """Note that its process starts now."""
        self.last_activity_at = self.process_began_at = now

    def takes_too_long(self, now: float, patience: float, timeout: float | None) -> str:
        """Say by which limit it takes too long, in seconds; "" if it does not."""
        began = self.process_began_at
        if began is not None and timeout is not None and now - began > timeout:
            return f"ran longer than {timeout:g} s (--trial-timeout)"
        if now - self.last_activity_at > patience:
            return f"logged nothing for {patience:g} s"
        return ""

    def hangs_after_its_run(self, now: float, patience: float) -> bool:
        """Tell whether its run has ended, but its process does not exit."""
        silent = now - self.last_activity_at > patience
        return silent and self.stop_sent_at is None and not self.can_be_stopped

    def allow_for_pause(self, gap: float, patience: float, timeout: float | None) -> None:
        """Do not count `gap` seconds in which nobody watched; a gap is a pause if it is half of a limit."""
        if gap > patience / 2:
            self.last_activity_at += gap
            if self.stop_sent_at is not None:
                self.stop_sent_at += gap
        if timeout is not None and gap > timeout / 2 and self.process_began_at is not None:
            self.process_began_at += gap

    def read_log(self, folder: SweepDir, logs: NewLogs, last: bool = False) -> bool:
        """Read what it has logged since the last call; tell whether that was anything.

        If the log is damaged, the trial has failed, and `folder` says so.

        Args:
            folder: the trial's sweep.
            logs: looks for the logs of the sweep's new runs.
            last: whether the trial's process is gone: what is not found now is not there.
        """
        if self.log is None:
            path = logs.find(self.run_id, self.started, thorough=last)
            if path is None:
                return False
            self.log = RunLog(path)
        if self.damage:
            return False
        before = len(self.log.history)
        try:
            self.log.read_new()
        except RunLogError as error:
            # Only the trial with the damaged log fails.
            self.damage = str(error)
            folder.record_outcome(self.run_id, TrialState.FAILED, self.damage)
        if len(self.log.history) == before:
            return False
        self.last_activity_at = time.monotonic()
        return True

    def read_last(self, folder: SweepDir, logs: NewLogs, status: int) -> None:
        """Read the rest of its log after its process has exited.

        Args:
            folder, logs: as for `read_log`.
            status: exit status of the process; negative for a signal.
        """

        def read() -> bool:
            self.read_log(folder, logs, last=True)
            return self.log is None or self.log.exit_code is not None

        wait_for_last_record(read, status)

    def outcome(self, folder: SweepDir, status: int, killed_because: str = "") -> Outcome:
        """Return how it ended, after its log was read to the end.

        What the log does not tell is recorded in `folder`.

        Args:
            folder: the trial's sweep.
            status: exit status of the process; negative for a signal.
            killed_because: why whoever runs it killed it; "" if they did not.
        """
        recorded = folder.outcome(self.run_id)
        if recorded is not None:
            return recorded
        logged = state_from_log(self.log, folder.sweep.metric)
        if logged.state is TrialState.FINISHED and (status == 0 or self.outlived_run or killed_because):
            return logged
        reason = logged.reason or killed_because or self._failure_reason(status)
        folder.record_outcome(self.run_id, TrialState.FAILED, reason)
        return Outcome(TrialState.FAILED, reason)

    def _failure_reason(self, status: int) -> str:
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        if status > 0:
            return f"ended with exit status {status}"
        if self.log is None:
            return "ended without starting a W&B run"
        return "ended without finishing its W&B run"
