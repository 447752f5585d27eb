"""What the trials of a search have come to; each ended one is looked at once, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fashion_wb.offline.spending.budget import Budget
from fashion_wb.trial import Metric, Trial, TrialState


class Ended:
    """Tells which trials have ended since the last look.

    Attributes:
        open: the numbers of the trials that had not ended at the last look, in order.
    """

    def __init__(self) -> None:
        self.open: list[int] = []
        self._trials: Sequence[Trial] = ()
        self._looked_at = 0

    def look(self, trials: Sequence[Trial]) -> list[Trial]:
        """Return those of `trials` that have ended since the last look; all if it is another list."""
        if trials is not self._trials:
            self.open, self._trials, self._looked_at = [], trials, 0
        numbers = [*self.open, *range(self._looked_at, len(trials))]
        self._looked_at = len(trials)
        self.open = [number for number in numbers if not trials[number].state.ended]
        return [trials[number] for number in numbers if trials[number].state.ended]


class Tally:
    """Counts the ended trials of a search.

    Attributes:
        counts: how many there are, by outcome.
        best: the finished or stopped trial with the best objective so far, the first if several tie; None if
            there is none.
        value: its objective.
        spent: what the ended trials have spent of the budget; 0 without one.
    """

    def __init__(self, metric: Metric | None, budget: Budget | None) -> None:
        self.counts: Counter[TrialState] = Counter()
        self.best: Trial | None = None
        self.value = 0.0
        self.spent = 0.0
        self._metric = metric
        self._budget = budget
        self._ended = Ended()

    def look(self, trials: Sequence[Trial]) -> Tally:
        """Count those of `trials` that have ended since the last look; return this tally."""
        for trial in self._ended.look(trials):
            self.counts[trial.state] += 1
            if self._budget is not None:
                self.spent += self._budget.spent([trial])
            self._compare(trial)
        return self

    def _compare(self, trial: Trial) -> None:
        if self._metric is None or trial.state not in (TrialState.FINISHED, TrialState.STOPPED):
            return
        value = self._metric.best(trial.history)
        if value is None:
            return
        tied = self.best is not None and value == self.value and trial.number < self.best.number
        if self.best is None or tied or self._metric.is_better(value, self.value):
            self.best, self.value = trial, value
