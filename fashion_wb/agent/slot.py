"""A slot: one agent as the server knows it. The server gives an agent one run at a time, so W trials at once
are W slots."""

from __future__ import annotations

from dataclasses import dataclass, field

from fashion_wb.agent.agent_run import AgentRun
from fashion_wb.agent.protocol import Command


@dataclass
class Slot:
    """One registered agent.

    Attributes:
        agent_id: the server's id of it.
        due: by time.monotonic(), when it is to speak to the server next.
        speaking: whether a heartbeat is under way.
        checking: whether the server is being asked if the first of `given` is within the run cap.
        given: runs that the server gave out and that have not been started.
        active: the trial that runs.
        closed: whether the server told it to exit.
    """

    agent_id: str
    due: float = 0.0
    speaking: bool = False
    checking: bool = False
    given: list[Command] = field(default_factory=list)
    active: AgentRun | None = None
    closed: bool = False

    @property
    def alive(self) -> list[str]:
        """The runs that it has, as heartbeats tell it."""
        running = [] if self.active is None else [self.active.trial.run_id]
        return running + [command.run_id for command in self.given]

    @property
    def promised(self) -> int:
        """How many trials it may come to start: those given, or the one it is asking for."""
        return len(self.given) or int(self.speaking and self.active is None)
