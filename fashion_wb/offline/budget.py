"""A search's budget in epochs: when one more trial fits, and when the budget is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_wb.trial import Trial


@dataclass(frozen=True)
class EpochBudget:
    """The number of epochs that all trials of one search may train together.

    A trial starts only if a trial of full length still fits. So the budget is never exceeded and never cuts a
    trial short. Fewer than `per_trial` epochs are left over. Each row that a trial logs counts as one epoch.

    Attributes:
        total: number of epochs in total, at least `per_trial`.
        per_trial: number of epochs of a trial of full length, at least 1.
    """

    total: int
    per_trial: int

    def spent(self, trials: Sequence[Trial]) -> int:
        """Return the number of epochs that `trials` have trained, whatever their states."""
        return sum(len(trial.history) for trial in trials)

    def has_room(self, trials: Sequence[Trial], shown: int) -> bool:
        """Tell whether one more trial may start now.

        The answer must not depend on which trial happens to be faster. So a trial whose result the next
        suggestion may not see counts with its full length, even if it has ended. If that leaves no room, the
        answer stays no until every trial has ended; then the epochs they really trained count.

        Args:
            trials: all trials of the search so far, by number.
            shown: the next suggestion may see the results of this many trials, counted from the first.
        """
        if not all(trial.state.ended for trial in trials[:shown]):
            return False
        reserved = self.per_trial * (len(trials) - shown)
        if self.spent(trials[:shown]) + reserved + self.per_trial <= self.total:
            return True
        return all(trial.state.ended for trial in trials) and not self.is_spent(trials)

    def is_spent(self, trials: Sequence[Trial]) -> bool:
        """Tell whether a trial of full length no longer fits after `trials`, all of which have ended."""
        return self.spent(trials) + self.per_trial > self.total
