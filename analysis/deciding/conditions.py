"""The conditions of the replayed study: which method, under which budget, how many at once, how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fashion_wb.study.settings import StudyBudget

METHODS = (
    *("random", "bayes", "hyperband", "hyperopt", "optuna", "optuna-gp"),
    *("tpe-univariate", "tpe-hyperband", "qmc", "cmaes", "grid"),
)
BASELINES = ("default", "person", "one epoch")
TRIALS = (5, 10, 20, 50)
EPOCHS_PER_TRIAL = 10
AT_ONCE = (4, 10)
# The start-up of the others depends on the number of trials, so each number is a search of its own.
SAME_START = ("random", "bayes", "hyperband", "qmc", "cmaes", "grid")
STOPPING = ("hyperband", "tpe-hyperband")


@dataclass(frozen=True)
class Repeats:
    """How often a condition is replayed.

    Attributes:
        on_table: replicates on the table itself.
        on_resampled: replicates on each resampled table.
    """

    on_table: int
    on_resampled: int


@dataclass(frozen=True)
class Condition:
    """A method under a budget.

    Attributes:
        method: one of METHODS or BASELINES.
        unit: what the budget counts: "trials", "epochs" or "seconds".
        amount: the budget.
        at_once: trials at once.
    """

    method: str
    unit: str
    amount: float
    at_once: int = 1

    @property
    def name(self) -> str:
        """The name of its file, without suffix."""
        at_once = "" if self.at_once == 1 else f"-{self.at_once}-at-once"
        return f"{self.method.replace(' ', '-')}-{self.amount:g}-{self.unit}{at_once}"

    @property
    def budget(self) -> StudyBudget:
        """Its budget, as a study has it."""
        if self.unit == "trials":
            return StudyBudget(trials=int(self.amount))
        if self.unit == "epochs":
            return StudyBudget(steps=int(self.amount), steps_per_trial=EPOCHS_PER_TRIAL)
        return StudyBudget(seconds=self.amount)


def of_trials() -> Iterator[Condition]:
    """Yield the searches for all budgets in trials, one trial at a time."""
    for method in METHODS:
        for trials in TRIALS[-1:] if method in SAME_START else TRIALS:
            yield Condition(method, "trials", trials)
    yield from (Condition("default", "trials", 1), Condition("person", "trials", 3))


def of_twenty_trials() -> Iterator[Condition]:
    """Yield the searches of 20 trials, one trial at a time."""
    yield from (Condition(method, "trials", 20) for method in METHODS)
    yield from (Condition("default", "trials", 1), Condition("person", "trials", 3))


def of_epochs() -> Iterator[Condition]:
    """Yield the searches for budgets in epochs that differ from those in trials."""
    for method in (*STOPPING, "one epoch"):
        for trials in TRIALS:
            yield Condition(method, "epochs", trials * EPOCHS_PER_TRIAL)


def of_seconds(amounts: Sequence[float]) -> Iterator[Condition]:
    """Yield the searches for budgets in seconds."""
    for method in METHODS:
        yield from (Condition(method, "seconds", amount) for amount in amounts)


def of_many_at_once() -> Iterator[Condition]:
    """Yield the searches with several trials at once."""
    for method in METHODS:
        for trials in TRIALS[2:]:
            yield from (Condition(method, "trials", trials, at_once) for at_once in AT_ONCE)
