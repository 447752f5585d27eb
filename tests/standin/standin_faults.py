"""Inject faults into the stand-in's answers: refused, lost, late, doubled, cut short, wrong, or not W&B's."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """A fault of a request."""

    NONE = "none"
    # Not carried out:
    REFUSED = "connection reset"
    LIMITED = "429"
    PAUSED = "429 with Retry-After"
    BROKEN = "500"
    GATEWAY = "502"
    BUSY = "503"
    SLOW_GATEWAY = "504"
    PAGE = "web page"  # HTML with status 200, as a proxy or a login page sends
    # Carried out:
    LOST = "lost"  # the connection is closed without an answer
    SILENT = "silent"  # the connection stays open, without an answer
    LATE = "late"
    DOUBLED = "doubled"  # carried out twice, as by a proxy that repeats it; the second answer is sent
    CUT = "cut"  # the connection is closed in the middle of the answer
    WRONG = "wrong"  # the answer is changed


REFUSALS = {
    Fault.LIMITED: 429,
    Fault.PAUSED: 429,
    Fault.BROKEN: 500,
    Fault.GATEWAY: 502,
    Fault.BUSY: 503,
    Fault.SLOW_GATEWAY: 504,
}


@dataclass
class Faults:
    """Draws a fault for each request.

    Attributes:
        rate: share of requests with a fault, from 0 to 1; each of `kinds` is equally likely.
        kinds: the faults that are drawn.
        hits: whether a request can be hit, by the name of its GraphQL operation, "file_stream" or "upload".
        delay: seconds from receiving a run's file_stream request to answering it.
        late: seconds that a late answer takes longer.
        retry_after: seconds to wait that PAUSED asks for.
        change: makes a WRONG answer of a right one.
        chance: the random generator.
        seen: number of requests by fault.
    """

    rate: float = 0.0
    kinds: tuple[Fault, ...] = (Fault.BUSY, Fault.LIMITED, Fault.LOST)
    hits: Callable[[str], bool] = lambda name: True
    delay: float = 0.0
    late: float = 1.0
    retry_after: int = 1
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda answer: answer
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    seen: Counter[Fault] = field(default_factory=Counter)

    def draw(self, name: str) -> Fault:
        """Draw the fault of the next request, which is called `name`."""
        fault = Fault.NONE
        if self.chance.random() < self.rate and self.hits(name):
            fault = self.chance.choice(self.kinds)
        self.seen[fault] += 1
        return fault
