"""The circuit breaker: stop a sweep whose program always fails."""

from __future__ import annotations

from dataclasses import dataclass

from fashion_wb.trial import TrialState

# As many as W&B's agent allows in its first minute.
_FAILURES_AT_START = 3
# Later, part of the search space may fail, and a search may try it a few times in a row.
_FAILURES_IN_A_ROW = 10


@dataclass
class CircuitBreaker:
    """Counts the failures of one session.

    Failures of earlier sessions do not count: you may have fixed the program since.

    Attributes:
        failures_in_a_row: failures since the last trial that did not fail.
    """

    failures_in_a_row: int = 0
    _any_without_failure: bool = False

    def count(self, state: TrialState) -> None:
        """Count a trial's outcome."""
        failed = state is TrialState.FAILED
        self._any_without_failure = self._any_without_failure or not failed
        self.failures_in_a_row = self.failures_in_a_row + 1 if failed else 0

    @property
    def open(self) -> bool:
        """Whether to stop: the first three trials failed, or ten in a row at any time."""
        limit = _FAILURES_IN_A_ROW if self._any_without_failure else _FAILURES_AT_START
        return self.failures_in_a_row >= limit
