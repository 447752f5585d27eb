"""Trouble on the way: requests refused, and answers lost after the request was carried out."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What may happen to a request."""

    NONE = "none"
    BUSY = "503"
    LIMITED = "429"
    LOST = "lost"  # carried out, and the connection closed without an answer


@dataclass
class Faults:
    """Draws what happens to each request.

    Attributes:
        rate: share of requests in trouble, from 0 to 1, a third of them of each kind.
        delay: seconds from a run's file_stream being taken in to its answer.
        chance: the generator.
        seen: how many requests met each fate.
    """

    rate: float = 0.0
    delay: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    seen: Counter[Fault] = field(default_factory=Counter)

    def draw(self) -> Fault:
        """The next request's fate."""
        fault = Fault.NONE
        if self.chance.random() < self.rate:
            fault = self.chance.choice([Fault.BUSY, Fault.LIMITED, Fault.LOST])
        self.seen[fault] += 1
        return fault
