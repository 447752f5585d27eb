"""A slot: one agent as the server sees it.

The server gives an agent one run at a time, so running W trials at once takes W slots.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fashion_wb.agent.launcher import RunningTrial
from fashion_wb.agent.protocol import Command


@dataclass
class Slot:
    """One registered agent.

    Attributes:
        agent_id: the server's id for it.
        heartbeat_due: time.monotonic() of its next heartbeat.
        awaiting_heartbeat: whether a heartbeat is waiting for its answer.
        awaiting_cap_check: whether the run cap is being checked for the first run of `assigned`.
        assigned: runs that the server handed out and that have not been started.
        running: the trial that is running; None if none is.
        closed: whether the server told it to exit.
    """

    agent_id: str
    heartbeat_due: float = 0.0
    awaiting_heartbeat: bool = False
    awaiting_cap_check: bool = False
    assigned: list[Command] = field(default_factory=list)
    running: RunningTrial | None = None
    closed: bool = False

    @property
    def run_ids(self) -> list[str]:
        """The ids of its runs, running and assigned, as its heartbeats report them."""
        running = [] if self.running is None else [self.running.trial.run_id]
        return running + [command.run_id for command in self.assigned]

    @property
    def expected_starts(self) -> int:
        """How many more trials it may start: the runs assigned, or the one it is asking for."""
        return len(self.assigned) or int(self.awaiting_heartbeat and self.running is None)


def find_running(slots: Iterable[Slot], run_id: str) -> tuple[Slot, RunningTrial]:
    """Find the slot that runs `run_id`, and the running trial."""
    found = ((slot, slot.running) for slot in slots if slot.running is not None)
    return next((slot, running) for slot, running in found if running.trial.run_id == run_id)
