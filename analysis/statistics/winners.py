"""Summarise the retrained winners: test accuracy, and how far off the result reported by the search was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.records.reruns import RetrainedWinner
from analysis.statistics.intervals import Estimate, mean


@dataclass(frozen=True)
class Winners:
    """One method's retrained winners: one winner per search, each retrained with new seeds.

    The number of a search is the mean over its seeds; seeds without a number are left out. The intervals are
    Student's over searches, because several seeds of one search are not several searches.

    Attributes:
        method: the method.
        searches: number of searches whose winner has a test accuracy.
        without_result: number of searches whose winner has none; they are left out of the other numbers.
        test_accuracy: mean over searches, in [0, 1].
        between: standard deviation of test accuracy between searches; NaN for fewer than 2 searches.
        within: standard deviation of test accuracy between the seeds of one configuration, pooled; NaN if no
            configuration has 2 seeds.
        loss_gap: mean of the retrained minus the reported validation loss; above 0 if the reported loss was
            too good.
        accuracy_gap: mean of the reported validation accuracy minus the test accuracy after retraining;
            above 0 if the reported accuracy was too good.
    """

    method: str
    searches: int
    without_result: int
    test_accuracy: Estimate
    between: float
    within: float
    loss_gap: Estimate
    accuracy_gap: Estimate


def summarise_winners(retrained: Sequence[RetrainedWinner]) -> tuple[Winners, ...]:
    """Summarise the winners of every method, in the order of `retrained`."""
    methods = dict.fromkeys(one.method for one in retrained)
    return tuple(_summary(method, [one for one in retrained if one.method == method]) for method in methods)


def _summary(method: str, retrained: Sequence[RetrainedWinner]) -> Winners:
    tested = [one for one in retrained if _finite(one.test_accuracy)]
    accuracies = [_mean(one.test_accuracy) for one in tested]
    loss_gaps = [_mean(one.valid_loss) - one.reported_loss for one in retrained]
    accuracy_gaps = [one.reported_accuracy - got for one, got in zip(tested, accuracies, strict=True)]
    return Winners(
        method=method,
        searches=len(tested),
        without_result=len(retrained) - len(tested),
        test_accuracy=mean(accuracies),
        between=float(np.std(accuracies, ddof=1)) if len(tested) >= 2 else math.nan,
        within=_pooled([_finite(one.test_accuracy) for one in tested]),
        loss_gap=mean(_finite(loss_gaps)),
        accuracy_gap=mean(_finite(accuracy_gaps)),
    )


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(known)) if (known := _finite(values)) else math.nan


def _pooled(groups: Sequence[Sequence[float]]) -> float:
    """Return the standard deviation within groups, around each group's own mean."""
    freedom = sum(len(group) - 1 for group in groups)
    squares = sum(float(np.var(group)) * len(group) for group in groups)
    return math.sqrt(squares / freedom) if freedom > 0 else math.nan
