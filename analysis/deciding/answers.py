"""What the replayed searches show, by method and budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.deciding.comparisons import (
    Compared,
    Values,
    all_pairs,
    compare_family,
    estimate,
    inflation_of,
)
from analysis.deciding.conditions import (
    BASELINES,
    EPOCHS_PER_TRIAL,
    METHODS,
    SAME_START,
    STOPPING,
    TRIALS,
    Condition,
)
from analysis.deciding.runs import Replayed
from analysis.statistics.intervals import Estimate, Floats
from fashion_wb.replay.table import Table
from fashion_wb.replay.training import ReplayedTraining

MAIN = 20


@dataclass
class Answers:
    """The replayed searches of all conditions.

    Attributes:
        searches: by the name of the condition.
        table: the table that answered them.
        seconds: by number of trials, the budget in seconds.
    """

    searches: Mapping[str, Replayed]
    table: Table
    seconds: dict[int, float]

    def __post_init__(self) -> None:
        self._known: dict[tuple[Condition, int, str], Values] = {}

    def replayed(self, condition: Condition) -> Replayed:
        """Return the searches of a condition."""
        return self.searches[condition.name]

    def values(
        self, method: str, trials: int = MAIN, unit: str = "trials", at_once: int = 1, name: str = "true"
    ) -> Values:
        """Return a result of every replicate of a method.

        Args:
            method: one of METHODS or BASELINES.
            trials: the budget, in trials of full length.
            unit: what the budget counts: "trials", "epochs" or "seconds" that so many trials take.
            at_once: trials at once.
            name: one of `traces.CURVES`.
        """
        condition, after = self._condition(method, trials, unit, at_once)
        return self._values(condition, after, name)

    def values_on_the_way(self, method: str, trials: int) -> Values:
        """Return the true loss after some of the trials of searches of 50 trials."""
        return self._values(Condition(method, "trials", TRIALS[-1]), trials, "true")

    def _values(self, condition: Condition, after: int | None, name: str) -> Values:
        found = self.replayed(condition)
        longest = found.curves[name].shape[1]
        last = longest if after is None else min(after, longest)
        key = condition, last, name
        if key not in self._known:
            logged = {"true": "valid_loss", "accuracy": "valid_accuracy"}.get(name)
            by_seed = None if logged is None else self._by_seed(condition, last, logged)
            table, replicate = found.table.astype(int), found.replicate.astype(int)
            self._known[key] = Values(found.after(name, last), table, replicate, by_seed)
        return self._known[key]

    @cached_property
    def inflation(self) -> float:
        """How much larger the table's own error is than its seeds say; see `comparisons.inflation_of`."""
        return inflation_of(
            self.values(method, trials).minus(self.values("random", trials))
            for trials in TRIALS
            for method in (*METHODS[1:], *BASELINES)
            if self.knows(method, trials) and self.knows("random", trials)
        )

    def compare(self, family: Mapping[str, Values]) -> dict[str, Compared]:
        """Judge the differences of one family."""
        return compare_family(family, self.inflation)

    def estimate(self, values: Values) -> Estimate:
        """Estimate a mean, with the table's own error."""
        return estimate(values, self.inflation)

    def knows(self, method: str, trials: int = MAIN, unit: str = "trials", at_once: int = 1) -> bool:
        """Tell whether the searches of a method under a budget were replayed."""
        try:
            condition, _ = self._condition(method, trials, unit, at_once)
        except KeyError:
            return False
        return condition.name in self.searches

    def mean(self, method: str, trials: int = MAIN, unit: str = "trials", name: str = "true") -> Estimate:
        """Estimate the mean of a result of a method."""
        return self.estimate(self.values(method, trials, unit, name=name))

    def against_random(self, trials: int = MAIN, unit: str = "trials") -> dict[str, Compared]:
        """Compare every method and baseline with random search under the same budget: the primary family."""
        base = self.values("random", trials, unit)
        return self.compare(
            {
                method: self.values(method, trials, unit).minus(base)
                for method in (*METHODS[1:], *BASELINES)
                if self.knows(method, trials, unit)
            }
        )

    def pairs(self, trials: int = MAIN) -> dict[tuple[str, str], Compared]:
        """Compare every two methods and baselines: a family of its own."""
        known = [method for method in (*METHODS, *BASELINES) if self.knows(method, trials)]
        found = all_pairs({method: self.values(method, trials) for method in known})
        judged = self.compare({f"{a}/{b}": values for (a, b), values in found.items()})
        return {(a, b): judged[f"{a}/{b}"] for a, b in found}

    def curve(self, method: str, name: str = "true") -> Floats:
        """Return a result after each of 50 trials on the table itself, shape (n, 50)."""
        found = self.replayed(self._condition(method, TRIALS[-1], "trials", 1)[0])
        of = found.curves[name][found.table == 0]
        return np.pad(of, ((0, 0), (0, TRIALS[-1] - of.shape[1])), mode="edge")

    @cached_property
    def best(self) -> float:
        """The lowest true loss of the table: the mean over its seeds, dead trainings included."""
        return float(self.table.curves["valid_loss"].min(axis=-1).mean(axis=0).min())

    def _by_seed(self, condition: Condition, last: int, logged: str) -> Floats:
        found, training = self.replayed(condition), ReplayedTraining(self.table, 0)
        on_table = found.table == 0
        choices = zip(found.after("filters", last)[on_table], found.after("lr", last)[on_table], strict=True)
        return np.stack([training.all_losses(int(filters), float(lr))[logged] for filters, lr in choices])

    def _condition(self, method: str, trials: int, unit: str, at_once: int) -> tuple[Condition, int | None]:
        """Return the condition whose searches answer, and after how many trials; None for all of them."""
        if method in ("default", "person"):
            return Condition(method, "trials", {"default": 1, "person": 3}[method]), None
        if method == "one epoch" and unit != "epochs":
            raise KeyError(method)
        if unit == "seconds":
            return Condition(method, "seconds", self.seconds[trials], at_once), None
        if unit == "epochs" and method in (*STOPPING, "one epoch"):
            return Condition(method, "epochs", trials * EPOCHS_PER_TRIAL, at_once), None
        longest = Condition(method, "trials", TRIALS[-1])
        if at_once == 1 and method in SAME_START and longest.name in self.searches:
            return longest, trials
        return Condition(method, "trials", trials, at_once), None


def seconds_of_random(random: Replayed) -> dict[int, float]:
    """Return the seconds that random search takes on average, by number of trials, to three digits.

    Args:
        random: its searches of 50 trials.
    """
    on_table = random.curves["seconds"][random.table == 0].mean(axis=0)
    return {trials: float(f"{on_table[trials - 1]:.3g}") for trials in TRIALS}
