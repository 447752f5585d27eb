"""A trial whose process runs: what its run log says so far, and why it ended where the log does not say."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from fashion_wb.runlog.reader import RunLog

# Seconds to wait for the end of a run log after the process has ended.
_LOG_DELAY = 5.0
_LOG_DELAY_AFTER_SIGNAL = 0.3


@dataclass
class WatchedTrial:
    """A trial whose process runs.

    Attributes:
        number, run_id: the trial's.
        last_sign: when it last logged, or was started, in seconds of time.monotonic.
        log: its run log, once there is one.
        signalled: when it was told to end, on the same clock, or None.
        outlived_run: whether its run ended well and its process had to be killed.
    """

    number: int
    run_id: str
    last_sign: float
    log: RunLog | None = None
    signalled: float | None = None
    outlived_run: bool = False

    @property
    def can_be_ended(self) -> bool:
        """Whether a signal would change its outcome: a run that has ended of itself came to its end."""
        return self.signalled is None and (self.log is None or self.log.exit_code is None)

    def log_deadline(self, status: int) -> float:
        """Until when, in seconds of time.monotonic, to wait for the log's end; `status` is the process's.

        The service that writes the log may be a moment behind the process that has ended; one that was
        killed may never have told it of an end.
        """
        return time.monotonic() + (_LOG_DELAY if status >= 0 else _LOG_DELAY_AFTER_SIGNAL)

    def why(self, status: int) -> str:
        """Why its process ended without finishing its run: "was killed by SIGKILL"; `status` as above."""
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        if status > 0:
            return f"ended with exit status {status}"
        if self.log is None:
            return "ended without starting a W&B run"
        return "ended without finishing its W&B run"
