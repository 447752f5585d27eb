"""A search's budget in epochs: when there is room for one more trial, and when it is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_wb.trial import Trial


@dataclass(frozen=True)
class EpochBudget:
    """The epochs that all trials of one search may train between them.

    A trial is started only if it could be trained to its full length: the budget is never exceeded, no trial
    is cut short by it, and fewer than `per_trial` epochs may be left over where trials are stopped early. A
    row that a trial logged is an epoch.

    Attributes:
        total: epochs in all, at least `per_trial`.
        per_trial: epochs of a trial of full length, at least 1.
    """

    total: int
    per_trial: int

    def spent(self, trials: Sequence[Trial]) -> int:
        """Epochs that `trials` have trained, whatever became of them."""
        return sum(len(trial.history) for trial in trials)

    def has_room(self, trials: Sequence[Trial], shown: int) -> bool:
        """Whether one more trial may be started now.

        Trials whose results are not to be known yet count with their full length, however far they are: the
        answer must not depend on which trial happened to be faster. Where that leaves no room, all of them
        have to end first.

        Args:
            trials: all of the search's so far, by number.
            shown: how many of them, from the first, have results that the next suggestion may know.
        """
        if not all(trial.state.ended for trial in trials[:shown]):
            return False
        reserved = self.per_trial * (len(trials) - shown)
        if self.spent(trials[:shown]) + reserved + self.per_trial <= self.total:
            return True
        return all(trial.state.ended for trial in trials) and not self.is_spent(trials)

    def is_spent(self, trials: Sequence[Trial]) -> bool:
        """Whether no trial of full length fits into what `trials`, all of which have ended, have left."""
        return self.spent(trials) + self.per_trial > self.total
