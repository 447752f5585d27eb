"""End trials from outside, as W&B's agent does: SIGTERM, and SIGKILL for one that does not heed it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from fashion_wb.agent.slot import Slot
from fashion_wb.executors.command import kill_delay
from fashion_wb.executors.local import LocalExecutor


@dataclass(frozen=True)
class Ending:
    """Sends the signals.

    Attributes:
        executor: runs the trials.
        kill_delay: seconds from SIGTERM to SIGKILL.
    """

    executor: LocalExecutor
    kill_delay: float = field(default_factory=kill_delay)

    def end(self, slots: Iterable[Slot]) -> None:
        """Send SIGTERM to the trials of the slots, once."""
        for slot in slots:
            if slot.active is not None and slot.active.told_to_end is None:
                slot.active.told_to_end = time.monotonic()
                self.executor.signal(slot.active.trial.run_id, signal.SIGTERM)

    def kill_late(self, slots: Iterable[Slot]) -> None:
        """Send SIGKILL to those that got SIGTERM long ago."""
        now = time.monotonic()
        for active in (slot.active for slot in slots):
            if active is None or active.told_to_end is None or active.killed:
                continue
            if now - active.told_to_end > self.kill_delay:
                active.killed = True
                self.executor.signal(active.trial.run_id, signal.SIGKILL)
