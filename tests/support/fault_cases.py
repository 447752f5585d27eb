"""One fault: how often to make it happen, and what was seen.

A test in tests/faults names its fault with

    @pytest.mark.fault("Death", "kill -9 of the controller", made="...", promised="...")

and takes the fixture `fault`. `make faults` runs all of them in full and writes what they saw to
docs/reliability.md. `make test` runs the same tests with fewer repetitions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

SECTIONS = (
    "Death",
    "Sick trials",
    "Bad surroundings",
    "Bad input",
    "Server faults",
    "Load",
    "Security",
)


@dataclass
class Fault:
    """What the test of a fault needs and reports.

    Attributes:
        full: whether `make faults` runs it.
        generator: seeded by `--fault-seed` and the name of the test; the only source of randomness.
        seen: what was observed, with counts; several tests of one fault are put together.
    """

    full: bool
    generator: random.Random
    seen: list[str] = field(default_factory=list)

    def times(self, short: int, full: int) -> int:
        """Return how often to make it happen, or any other size of the test."""
        return full if self.full else short

    def observed(self, text: str) -> None:
        """Note what was counted, such as "100 of 100 sweeps had exactly 30 trials"."""
        self.seen.append(text)
