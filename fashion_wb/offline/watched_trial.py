"""A trial whose process is running: what its run's log says so far, and why its process exited."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from fashion_wb.runlog.reader import RunLog

# Seconds to wait for the last record of a run's log after the process has exited.
_LOG_DELAY = 5.0
_LOG_DELAY_AFTER_SIGNAL = 0.3


@dataclass
class WatchedTrial:
    """The process and log of a running trial; `fashion_wb.trial.Trial` has its configuration and results.

    Attributes:
        number, run_id: the number and run id of its `Trial`.
        last_activity_at: time.monotonic() when it was started or last logged.
        log: its run's log; None until there is one.
        stop_sent_at: time.monotonic() when it was sent SIGTERM; None if it was not.
        outlived_run: whether its run finished but its process had to be killed.
    """

    number: int
    run_id: str
    last_activity_at: float
    log: RunLog | None = None
    stop_sent_at: float | None = None
    outlived_run: bool = False

    @property
    def can_be_stopped(self) -> bool:
        """Whether a signal would change its outcome: it has got none yet, and its run has not ended."""
        return self.stop_sent_at is None and (self.log is None or self.log.exit_code is None)

    def log_deadline(self, status: int) -> float:
        """Return the time.monotonic() until which to wait for the last record of its log.

        wandb-core writes the log and may be slightly behind the process. If the process was killed, that
        record may never come, so the wait is shorter.

        Args:
            status: exit status of the process; negative for a signal.
        """
        return time.monotonic() + (_LOG_DELAY if status >= 0 else _LOG_DELAY_AFTER_SIGNAL)

    def failure_reason(self, status: int) -> str:
        """Say why its process did not finish its run, for example "was killed by SIGKILL".

        Args:
            status: exit status of the process; negative for a signal.
        """
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        if status > 0:
            return f"ended with exit status {status}"
        if self.log is None:
            return "ended without starting a W&B run"
        return "ended without finishing its W&B run"
