"""One fault: how often to make it happen, and what was seen.

A test in tests/faults names its fault with

    @pytest.mark.fault("Death", "kill -9 of the controller", made="...", promised="...")

and takes the fixture `fault`. `make faults` runs all of them in full and writes what they saw to
docs/reliability.md. `make test` runs the same tests with fewer repetitions.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "faults"
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


def marked():
    """The marks of all faults, of tests and of their parameters."""
    for path in sorted(TESTS.glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(f"faults_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look for it there
        spec.loader.exec_module(module)
        for name, test in vars(module).items():
            if name.startswith("test_"):
                yield from (mark for mark in _marks(test) if mark.name == "fault")


def _marks(test):
    for mark in getattr(test, "pytestmark", ()):
        yield mark
        if mark.name == "parametrize":
            for parameter in mark.args[1]:
                yield from getattr(parameter, "marks", ())
