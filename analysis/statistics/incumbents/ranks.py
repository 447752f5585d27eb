"""The methods' ranks by incumbent, over the budget that all of them spent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from analysis.statistics.incumbents.curves import Spending
from analysis.statistics.intervals import Floats

POINTS = 100


@dataclass(frozen=True)
class Ranks:
    """A method's rank among the methods.

    Attributes:
        method: the method.
        n: number of replicates with exactly one search of every method; the ranks are means over them.
        grid: shape (k,), amounts spent; empty for n = 0.
        rank: shape (k,), 1 is the best.
    """

    method: str
    n: int
    grid: Floats
    rank: Floats

    @property
    def average(self) -> float:
        """The mean over the budget; NaN if there is no replicate with all methods."""
        return float(self.rank.mean()) if len(self.rank) else math.nan


def ranks(spending: Sequence[Spending]) -> tuple[Ranks, ...]:
    """Rank the searches of each replicate by incumbent, in the order of `spending`.

    The ranks are taken at POINTS amounts spent; ties share their mean rank, and so do searches without an
    incumbent. The amounts go up to the smallest budget of any method, which is the median of what its
    searches spent.
    """
    methods = list(dict.fromkeys(one.method for one in spending))
    complete = [
        sorted(group, key=lambda one: methods.index(one.method))
        for group in _by_replicate(spending)
        if sorted(one.method for one in group) == sorted(methods)
    ]
    totals = [[one.total for one in spending if one.method == method] for method in methods]
    budget = min((float(np.median(own)) for own in totals), default=0.0)
    if not complete or budget <= 0:
        return tuple(Ranks(method, 0, np.empty(0), np.empty(0)) for method in methods)
    grid = np.linspace(budget / POINTS, budget, POINTS)
    each = [rankdata(np.stack([one.at(grid) for one in group]), axis=0) for group in complete]
    found = np.mean(each, axis=0)
    return tuple(Ranks(method, len(complete), grid, found[i]) for i, method in enumerate(methods))


def _by_replicate(spending: Sequence[Spending]) -> Iterable[list[Spending]]:
    groups: dict[int, list[Spending]] = {}
    for one in spending:
        groups.setdefault(one.replicate, []).append(one)
    return groups.values()
