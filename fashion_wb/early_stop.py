"""Why early stopping ended a trial: what was compared with what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stop:
    """The comparison by which hyperband stopped a trial.

    A rung is a number of finite values of the metric. Every trial that has logged as many is compared by the
    last of them.

    Attributes:
        metric: the name of the objective.
        rung: the number of values, at least 1.
        value: the trial's value at the rung, worse than `threshold`.
        threshold: the worst value that goes on; it is at `rank` among the compared ones.
        compared: how many trials had reached the rung, this one included; at least 2.
        eta: about one trial in eta goes on; above 1.
    """

    metric: str
    rung: int
    value: float
    threshold: float
    compared: int
    eta: float

    @property
    def rank(self) -> int:
        """The place of the threshold among the compared values, the best of which has place 1."""
        # 1 / eta first, as in W&B's rule: compared / eta may round to another number.
        return int(1.0 / self.eta * self.compared) + 1

    @property
    def sentence(self) -> str:
        """Say it in words, for the record and for reports."""
        value, threshold = _distinct(self.value, self.threshold)
        return (
            f"early stopping at the {ordinal(self.rung)} value: {self.metric} {value} is worse than "
            f"{threshold}, the {self._place} of {self.compared} trials"
        )

    @property
    def short(self) -> str:
        """Say it in few words, for a line that names the trial and its state."""
        value, threshold = _distinct(self.value, self.threshold)
        return f"value {self.rung}: {value}, limit {threshold} ({self._place} of {self.compared})"

    @property
    def _place(self) -> str:
        return "best" if self.rank == 1 else f"{ordinal(self.rank)} best"


def ordinal(number: int) -> str:
    """Write a place from 1 as people do: `1st`, `2nd`, `11th`."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _distinct(one: float, other: float) -> tuple[str, str]:
    """Format two different numbers with four digits, or as many more as it takes to tell them apart."""
    for digits in range(4, 17):
        found = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if found[0] != found[1]:
            return found
    return repr(one), repr(other)
