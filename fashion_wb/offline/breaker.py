"""When a sweep had better end: its program fails every time."""

from __future__ import annotations

from dataclasses import dataclass

from fashion_wb.trial import TrialState

# As many as W&B's agent allows in its first minute.
_AT_THE_START = 3
# Later on a corner of the space may fail, and a search may well look there a few times in a row.
_IN_A_ROW = 10


@dataclass
class CircuitBreaker:
    """Counts the outcomes of one session; earlier failures count for nothing, the program may be mended.

    Attributes:
        in_a_row: failures since the last trial that did not fail.
    """

    in_a_row: int = 0
    _any_good: bool = False

    def count(self, state: TrialState) -> None:
        """Take in an outcome."""
        failed = state is TrialState.FAILED
        self._any_good = self._any_good or not failed
        self.in_a_row = self.in_a_row + 1 if failed else 0

    @property
    def open(self) -> bool:
        """Whether to go no further: three failures and nothing else, or ten in a row at any time."""
        return self.in_a_row >= (_IN_A_ROW if self._any_good else _AT_THE_START)
