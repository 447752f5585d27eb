"""Wait for the end of a run's log: wandb-core writes it, and may be slightly behind its process's exit."""

from __future__ import annotations

import time
from collections.abc import Callable

_SECONDS, _SECONDS_AFTER_SIGNAL = 5.0, 0.3
_PAUSE = 0.01


def last_record_delay(status: int) -> float:
    """Return how many seconds after its process's exit a log's last record may take to appear.

    If the process was killed, that record may never come, so the wait is shorter.

    Args:
        status: exit status of the process; negative for a signal.
    """
    return _SECONDS if status >= 0 else _SECONDS_AFTER_SIGNAL


def wait_for_last_record(read: Callable[[], bool], status: int) -> None:
    """Read a log after its process has exited, until its last record is there or cannot be expected any more.

    Args:
        read: reads what is new in the log; tells whether there is nothing more to come.
        status: exit status of the process; negative for a signal.
    """
    deadline = time.monotonic() + last_record_delay(status)
    while not read() and time.monotonic() < deadline:
        time.sleep(_PAUSE)
