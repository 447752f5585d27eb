"""How a user, or a cluster, ends an agent: Ctrl-C in three steps, SIGTERM in one."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from enum import IntEnum
from types import FrameType

from fashion_wb.errors import Interrupted


class Stop(IntEnum):
    """What was asked for, the steps of W&B's own agent."""

    NO = 0
    NO_NEW_TRIALS = 1
    END_TRIALS = 2
    KILL_TRIALS = 3


class Terminated(Interrupted):
    """A signal other than Ctrl-C asked to stop; the exit status is a shell's for that signal."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class StopSignals:
    """Hears Ctrl-C, SIGTERM and SIGHUP.

    Attributes:
        asked: each Ctrl-C asks for one step more; the other signals leave no time, and start at END_TRIALS.
        number: the last signal heard.
    """

    def __init__(self) -> None:
        self.asked = Stop.NO
        self.number = int(signal.SIGINT)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Take in a signal."""
        self.number = number
        least = Stop.NO_NEW_TRIALS if number == signal.SIGINT else Stop.END_TRIALS
        self.asked = Stop(min(max(self.asked + 1, least), Stop.KILL_TRIALS))

    def error(self) -> Interrupted:
        """What an agent that was stopped ends with."""
        text = "interrupted; all that was logged is kept. The same command goes on with the sweep."
        return Interrupted(text) if self.number == signal.SIGINT else Terminated(text, self.number)


@contextlib.contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Hear the signals while the block runs."""
    stops = StopSignals()
    heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stops.on_signal) for number in heard}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
