"""Whether W&B's server answers, and for how long it has not."""

from __future__ import annotations

import time
from dataclasses import dataclass

from fashion_wb.agent.report import Report
from fashion_wb.server.errors import Unreachable


@dataclass
class Contact:
    """Keeps the user informed of it.

    Attributes:
        report: tells the user.
        give_up: seconds without an answer after which it `is_hopeless`.
    """

    report: Report
    give_up: float
    _lost_since: float | None = None

    def lost(self, error: Unreachable) -> None:
        """A request went unanswered, with all its repetitions."""
        if self._lost_since is None:
            self._lost_since = time.monotonic()
            self.report.lost(error)

    def answered(self) -> None:
        """A request was answered."""
        if self._lost_since is not None:
            self._lost_since = None
            self.report.in_touch()

    @property
    def is_hopeless(self) -> bool:
        """Whether there has been no answer for too long."""
        return self._lost_since is not None and time.monotonic() - self._lost_since > self.give_up
