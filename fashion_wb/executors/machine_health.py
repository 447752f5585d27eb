"""On which machines trials fail again and again, while they do not elsewhere.

A machine with three failures in a row or more is in doubt, as long as another machine does better. It is bad
if the failures elsewhere make so many in a row unlikely: less than one such row is expected by chance in a
hundred times as many trials. So a search space of which a third fails rarely costs a machine: in 4% of
sweeps of 200 trials on three machines, by simulation (`tests/executors/test_machine_health.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

_IN_A_ROW = 3
_CHANCE = 0.01


@dataclass(frozen=True)
class Doubt:
    """Why a machine should get no trials.

    Attributes:
        reason: in words.
        is_bad: whether that is certain enough; otherwise it waits for what other machines show.
    """

    reason: str
    is_bad: bool


@dataclass
class _Record:
    ended: int = 0
    failed: int = 0
    in_a_row: int = 0


class MachineHealth:
    """Counts the trials that ended on each machine."""

    def __init__(self) -> None:
        self._records: defaultdict[str, _Record] = defaultdict(_Record)

    def count(self, machine: str, failed: bool) -> None:
        """Count a trial that has ended, or a machine that could not go on."""
        record = self._records[machine]
        record.ended += 1
        record.failed += failed
        record.in_a_row = record.in_a_row + 1 if failed else 0

    def failures_in_a_row(self, machine: str) -> int:
        """Return how many trials have failed on a machine since the last one that did not."""
        return self._records[machine].in_a_row

    def doubt(self, machine: str, present: Collection[str]) -> Doubt | None:
        """Tell whether a machine should get no trials; None if it should.

        Args:
            machine: the machine.
            present: all machines that run trials now.
        """
        row = self.failures_in_a_row(machine)
        better = any(self.failures_in_a_row(other) < _IN_A_ROW for other in present if other != machine)
        if row < _IN_A_ROW or not better:
            return None
        others = [record for name, record in self._records.items() if name != machine]
        ended, failed = sum(one.ended for one in others), sum(one.failed for one in others)
        if ended == 0:
            return Doubt(f"its last {row} trials failed, and none has ended elsewhere yet", is_bad=False)
        # One failure and one success more than were seen, as Laplace has it: few trials show little.
        rate = (failed + 1) / (ended + 2)
        if rate**row * (ended + self._records[machine].ended) >= _CHANCE:
            return None
        return Doubt(f"its last {row} trials failed, and {failed} of {ended} elsewhere", is_bad=True)


def what_follows(doubt: Doubt | None) -> str:
    """Say what happens to a machine that is in doubt, or that no longer is."""
    if doubt is None:
        return "gets trials again: they fail elsewhere too"
    if doubt.is_bad:
        return f"gets no more trials: {doubt.reason}; restart its fashion-wb worker to have it back"
    return f"waits: {doubt.reason}"
