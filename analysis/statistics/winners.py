"""Each search's chosen configuration trained again: its test accuracy, and how far the claim was off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.records.reruns import RetrainedWinner
from analysis.statistics.intervals import Estimate, mean


@dataclass(frozen=True)
class Winners:
    """One method's chosen configurations, one a search, each retrained on fresh seeds.

    A search's number is the mean over its seeds, those without a number left out; the intervals are
    Student's over searches, so that many seeds of one search do not pass for many searches.

    Attributes:
        method: the method.
        searches: whose choice was retrained with a test accuracy.
        without_result: whose choice gave none, left out of what follows.
        test_accuracy: mean over searches, in [0, 1].
        between: standard deviation of the searches' test accuracies; NaN for fewer than 2.
        within: standard deviation of test accuracy over the seeds of one configuration, pooled; NaN where
            none has 2.
        loss_gap: mean of retrained minus claimed validation loss; above 0 where the claims were too good.
        accuracy_gap: mean of claimed validation minus retrained test accuracy; above 0 where too good.
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
    """A summary a method, in the order of `retrained`."""
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
    """The standard deviation within groups, each group's own mean taken out."""
    freedom = sum(len(group) - 1 for group in groups)
    squares = sum(float(np.var(group)) * len(group) for group in groups)
    return math.sqrt(squares / freedom) if freedom > 0 else math.nan
