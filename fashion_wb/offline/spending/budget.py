"""A search's budget in logged steps or in seconds: when one more trial fits, and when the budget is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fashion_wb.trial import Trial


class Budget(Protocol):
    """What all trials of one search may spend together.

    Attributes:
        total: the budget, in `unit`.
        unit: "steps" or "s".
    """

    @property
    def total(self) -> float: ...

    @property
    def unit(self) -> str: ...

    def spent(self, trials: Sequence[Trial]) -> float:
        """Return what `trials` have spent so far, whatever their states."""
        ...

    def has_room(self, trials: Sequence[Trial], shown: int) -> bool:
        """Tell whether one more trial may start now.

        Args:
            trials: all trials of the search so far, by number.
            shown: the next suggestion may see the results of this many trials, counted from the first.
        """
        ...

    def is_spent(self, trials: Sequence[Trial]) -> bool:
        """Tell whether no trial may start after `trials`, all of which have ended."""
        ...


@dataclass(frozen=True)
class StepBudget:
    """The number of steps that all trials of one search may log together.

    A step is a row with the metric. A trial starts only if a trial of full length still fits. So the budget
    is never exceeded and never cuts a trial short. Fewer than `per_trial` steps are left over.

    Attributes:
        total: number of steps in total, at least `per_trial`.
        per_trial: number of steps of a trial of full length, at least 1.
        metric: the key of the metric.
    """

    total: int
    per_trial: int
    metric: str
    unit: str = "steps"

    def spent(self, trials: Sequence[Trial]) -> int:
        """Return the number of steps that `trials` have logged, whatever their states."""
        # A value that is not finite was trained for too.
        return sum(self.metric in row for trial in trials for row in trial.history)

    def has_room(self, trials: Sequence[Trial], shown: int) -> bool:
        """Tell whether one more trial may start now.

        The answer must not depend on which trial happens to be faster. So a trial whose result the next
        suggestion may not see counts with its full length, even if it has ended. If that leaves no room, the
        answer stays no until every trial has ended; then the steps they really logged count.
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


@dataclass(frozen=True)
class SecondsBudget:
    """The seconds that all trials of one search may train together.

    A trial's seconds are those from the start of its W&B run to the last row it logged (W&B's `_runtime`).
    A trial starts only if one that takes as long as the longest so far still fits, with as much kept free for
    each trial that runs. So the budget is exceeded only by a trial that takes longer than all before it, and
    no trial is cut short. The first trials start without knowing how long one takes.

    Which trial is the last depends on the clock: the same command may run another number of trials.

    Attributes:
        total: seconds in total, above 0.
    """

    total: float
    unit: str = "s"

    def spent(self, trials: Sequence[Trial]) -> float:
        """Return the seconds that `trials` have trained so far, whatever their states."""
        return sum(trial.seconds for trial in trials)

    def has_room(self, trials: Sequence[Trial], shown: int) -> bool:
        """Tell whether one more trial may start now; `shown` does not matter."""
        ended = [trial for trial in trials if trial.state.ended]
        running = [trial for trial in trials if not trial.state.ended]
        longest = max((trial.seconds for trial in ended), default=0.0)
        reserved = sum(max(longest, trial.seconds) for trial in running)
        spent = self.spent(ended) + reserved
        return spent < self.total and spent + longest <= self.total

    def is_spent(self, trials: Sequence[Trial]) -> bool:
        """Tell whether no trial may start after `trials`, all of which have ended."""
        return not self.has_room(trials, len(trials))
