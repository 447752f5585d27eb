"""Track how long W&B's server has not answered."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fashion_wb.agent.progress import AgentProgress
from fashion_wb.server.errors import Unreachable


@dataclass
class OutageMonitor:
    """Tells the user when the server stops answering and when it answers again.

    Attributes:
        progress: prints the messages.
        give_up: seconds without an answer after which `lasted_too_long` is true.
    """

    progress: AgentProgress
    give_up: float
    _since: float | None = None

    def request_failed(self, error: Unreachable) -> None:
        """Record that a request got no answer, retries included."""
        if self._since is None:
            self._since = time.monotonic()
            self.progress.server_lost(error)

    def request_answered(self) -> None:
        """Record that a request was answered."""
        if self._since is not None:
            self._since = None
            self.progress.server_back()

    @property
    def lasted_too_long(self) -> bool:
        """Whether the server has not answered for more than `give_up` seconds."""
        return self._since is not None and time.monotonic() - self._since > self.give_up
