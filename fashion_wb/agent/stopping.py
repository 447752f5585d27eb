"""Stop running trials as W&B's agent does: SIGTERM first, SIGKILL if the trial is still there later."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from fashion_wb.agent.slot import Slot
from fashion_wb.executors.command import kill_delay
from fashion_wb.executors.protocol import Executor


@dataclass(frozen=True)
class TrialStopper:
    """Sends the signals.

    Attributes:
        executor: runs the trials.
        kill_delay: seconds from SIGTERM to SIGKILL.
    """

    executor: Executor
    kill_delay: float = field(default_factory=kill_delay)

    def stop(self, slots: Iterable[Slot]) -> None:
        """Send SIGTERM to the running trials of `slots` that have not got it yet."""
        for slot in slots:
            if slot.running is not None and slot.running.stop_sent_at is None:
                slot.running.stop_sent_at = time.monotonic()
                self.executor.signal(slot.running.trial.run_id, signal.SIGTERM)

    def kill_overdue(self, slots: Iterable[Slot]) -> None:
        """Send SIGKILL to trials that got SIGTERM more than `kill_delay` seconds ago."""
        now = time.monotonic()
        for running in (slot.running for slot in slots):
            if running is None or running.stop_sent_at is None or running.killed:
                continue
            if now - running.stop_sent_at > self.kill_delay:
                running.killed = True
                self.executor.signal(running.trial.run_id, signal.SIGKILL)
