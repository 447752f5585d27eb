"""The circuit breaker: stop a sweep whose program always fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fashion_wb.trial import TrialState

# As many as W&B's agent allows in its first minute.
_FAILURES_AT_START = 3
# Later, part of the search space may fail, and a search may try it a few times in a row.
_FAILURES_IN_A_ROW = 10


@dataclass
class CircuitBreaker:
    """Counts the failures of one session.

    Failures of earlier sessions do not count: you may have fixed the program since.
    """

    _in_a_row: Counter[str] = field(default_factory=Counter)
    _any_without_failure: bool = False

    def count(self, state: TrialState, machine: str = "") -> None:
        """Count the outcome of a trial that ran on `machine`."""
        if state is TrialState.FAILED:
            self._in_a_row[machine] += 1
        else:
            self._any_without_failure = True
            self._in_a_row.clear()

    @property
    def failures_in_a_row(self) -> int:
        """How many trials have failed since the last one that did not."""
        return self._in_a_row.total()

    @property
    def open(self) -> bool:
        """Whether to stop: the first three trials failed, or ten in a row at any time."""
        return self.is_open(machines=1)

    def is_open(self, machines: int) -> bool:
        """Tell whether to stop while so many machines run trials.

        If there are several, the failures of one alone are not enough: it may be the machine.
        """
        limit = _FAILURES_IN_A_ROW if self._any_without_failure else _FAILURES_AT_START
        most = limit if machines < 2 else limit - 1
        return sum(min(failures, most) for failures in self._in_a_row.values()) >= limit
