"""Inject faults: refused requests, and answers that are lost after the request was carried out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """A fault of a request."""

    NONE = "none"
    BUSY = "503"
    LIMITED = "429"
    LOST = "lost"  # carried out, and the connection closed without an answer


@dataclass
class Faults:
    """Draws a fault for each request.

    Attributes:
        rate: share of requests with a fault, from 0 to 1; each kind is equally likely.
        delay: seconds from receiving a run's file_stream request to answering it.
        chance: the random generator.
        seen: number of requests by fault.
    """

    rate: float = 0.0
    delay: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    seen: Counter[Fault] = field(default_factory=Counter)

    def draw(self) -> Fault:
        """Draw the next request's fault."""
        fault = Fault.NONE
        if self.chance.random() < self.rate:
            fault = self.chance.choice([Fault.BUSY, Fault.LIMITED, Fault.LOST])
        self.seen[fault] += 1
        return fault
