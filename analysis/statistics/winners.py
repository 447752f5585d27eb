"""Summarise the retrained winners: what they reach, and how far off the result reported by the search was."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.records.reruns import RetrainedWinner
from analysis.records.subject import Subject
from analysis.statistics.intervals import Estimate, mean


@dataclass(frozen=True)
class Measured:
    """What one method's retrained winners reach in one value.

    Attributes:
        mean: mean over searches; `n` is the number of searches with a number.
        between: standard deviation between searches; NaN for fewer than 2 searches.
        within: standard deviation between the seeds of one configuration, pooled; NaN if no configuration has
            2 seeds.
    """

    mean: Estimate
    between: float
    within: float


@dataclass(frozen=True)
class Winners:
    """One method's retrained winners: one winner per search, each retrained with new seeds.

    The number of a search is the mean over its seeds; seeds without a number are left out. The intervals are
    Student's over searches, because several seeds of one search are not several searches.

    Attributes:
        method: the method.
        searches: number of searches whose winner was retrained.
        measured: by name, what the winners reach.
        gap: by how much the search reported a better objective than retraining reaches, as a mean; below 0 if
            retraining is better.
    """

    method: str
    searches: int
    measured: Mapping[str, Measured]
    gap: Estimate


def summarise_winners(
    retrained: Sequence[RetrainedWinner], names: Sequence[str], subject: Subject
) -> tuple[Winners, ...]:
    """Summarise the winners of every method, in the order of `retrained`.

    Args:
        retrained: at most one per search.
        names: the values to summarise, among those of `RetrainedWinner.measured`.
        subject: what the searches have in common.
    """
    methods = dict.fromkeys(one.method for one in retrained)
    return tuple(
        _summary(method, [one for one in retrained if one.method == method], names, subject)
        for method in methods
    )


def with_retrained(
    results: pd.DataFrame, retrained: Sequence[RetrainedWinner], names: Sequence[str], subject: Subject
) -> pd.DataFrame:
    """Add to the searches what their winners have when retrained.

    Args:
        results: the result of `finals.search_results`.
        retrained: at most one per search.
        names: the values that retrained winners are measured by.
        subject: what the searches have in common.

    Returns:
        `results` with a column `retrained`: the mean of the retrainings' results, to minimise as `final` is;
        and with a column `retrained_NAME` for each other name: the mean of that value. NaN if the winner was
        not retrained, no retraining has the value, or the method has several searches of this replicate.
    """
    found = {(one.method, one.replicate): one for one in retrained}
    alone = ~results.duplicated(["method", "replicate"], keep=False)
    winners = [found.get(key) for key in zip(results["method"], results["replicate"], strict=True)]

    def column(values: Callable[[RetrainedWinner], Sequence[float]]) -> pd.Series:
        means = [math.nan if one is None else _mean(values(one)) for one in winners]
        return pd.Series(means, results.index, dtype="float64").where(alone)

    others = [name for name in names if name != subject.metric.name] if found else []
    columns = {f"retrained_{name}": column(partial(_measured_as, name)) for name in others}
    return results.assign(retrained=subject.sign * column(lambda one: one.retrained), **columns)


def _measured_as(name: str, one: RetrainedWinner) -> Sequence[float]:
    return one.measured.get(name, ())


def _summary(
    method: str, retrained: Sequence[RetrainedWinner], names: Sequence[str], subject: Subject
) -> Winners:
    gaps = [subject.sign * (_mean(one.retrained) - one.reported) for one in retrained]
    return Winners(
        method=method,
        searches=len(retrained),
        measured={name: _measured([one.measured.get(name, ()) for one in retrained]) for name in names},
        gap=mean(_finite(gaps)),
    )


def _measured(by_search: Sequence[Sequence[float]]) -> Measured:
    known = [values for each in by_search if (values := _finite(each))]
    means = [_mean(values) for values in known]
    return Measured(
        mean=mean(means),
        between=float(np.std(means, ddof=1)) if len(means) >= 2 else math.nan,
        within=_pooled(known),
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
