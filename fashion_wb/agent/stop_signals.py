"""How you, or a cluster, stop an agent: Ctrl-C in three steps, SIGTERM in one."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from enum import IntEnum
from types import FrameType

from fashion_wb.errors import Interrupted


class StopRequest(IntEnum):
    """What the agent was asked to do; the same steps as W&B's own agent."""

    NONE = 0
    NO_NEW_TRIALS = 1
    STOP_TRIALS = 2
    KILL_TRIALS = 3


class Terminated(Interrupted):
    """A signal other than Ctrl-C stopped the agent; the exit status is a shell's for that signal."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class StopSignals:
    """Turns Ctrl-C, SIGTERM and SIGHUP into stop requests.

    Attributes:
        requested: each Ctrl-C goes one step further; other signals leave no time and start at STOP_TRIALS.
        number: the last signal received.
    """

    def __init__(self) -> None:
        self.requested = StopRequest.NONE
        self.number = int(signal.SIGINT)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self.number = number
        least = StopRequest.NO_NEW_TRIALS if number == signal.SIGINT else StopRequest.STOP_TRIALS
        self.requested = StopRequest(min(max(self.requested + 1, least), StopRequest.KILL_TRIALS))

    def error(self) -> Interrupted:
        """Return the error that a stopped agent raises."""
        text = "interrupted; everything logged so far is kept. Run the same command to continue the sweep."
        return Interrupted(text) if self.number == signal.SIGINT else Terminated(text, self.number)


@contextlib.contextmanager
def catch_stop_signals() -> Iterator[StopSignals]:
    """Catch the signals while the block runs."""
    signals = StopSignals()
    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signals.on_signal) for number in caught}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
