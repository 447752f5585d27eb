"""Each method's gain over random search at every point of the budget, replicate by replicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.incumbents.curves import Spending
from analysis.statistics.intervals import CONFIDENCE, Floats, mean
from analysis.statistics.pairwise import MIN_REPLICATES

BASELINE = "random"
POINTS = 40


@dataclass(frozen=True)
class Gain:
    """A method's gain over random search, against what both have spent.

    Attributes:
        method: the method.
        n: replicates that both have.
        grid: shape (k,), amounts spent.
        mean: shape (k,), mean difference of the incumbents; above 0 if the method's is better.
        low, high: shape (k,), Student's interval at each single point, not of the whole curve.
    """

    method: str
    n: int
    grid: Floats
    mean: Floats
    low: Floats
    high: Floats


def gains(spending: Sequence[Spending], baseline: str = BASELINE) -> tuple[Gain, ...]:
    """Compute the gain of every other method over `baseline`.

    The grid runs to the smaller of both methods' median totals, from where every search has an incumbent.

    Args:
        spending: the result of `curves.search_spending`.
        baseline: the method to compare with; without it there are no gains.

    Returns:
        One for each method with MIN_REPLICATES replicates in common with the baseline.
    """
    base = _by_replicate(spending, baseline)
    methods = dict.fromkeys(one.method for one in spending if one.method != baseline)
    found = (_gain(method, _by_replicate(spending, method), base) for method in methods)
    return tuple(one for one in found if one is not None)


def _gain(method: str, own: dict[int, Spending], base: dict[int, Spending]) -> Gain | None:
    both = sorted(own.keys() & base.keys())
    if len(both) < MIN_REPLICATES:
        return None
    end = min(float(np.median([one.total for one in searches.values()])) for searches in (own, base))
    grid = np.linspace(end / POINTS, end, POINTS)
    pairs = [(own[r].at(grid), base[r].at(grid)) for r in both]
    known = np.isfinite(np.array(pairs)).all(axis=(0, 1))
    if not known.any():
        return None
    differences = np.array([theirs[known] - mine[known] for mine, theirs in pairs])
    points = [mean(values, CONFIDENCE) for values in differences.T]
    middle, low, high = (np.array([getattr(p, name) for p in points]) for name in ("value", "low", "high"))
    return Gain(method, len(both), grid[known], middle, low, high)


def _by_replicate(spending: Sequence[Spending], method: str) -> dict[int, Spending]:
    """Return a method's searches by replicate, without replicates of which there are several."""
    found: dict[int, list[Spending]] = {}
    for one in spending:
        if one.method == method:
            found.setdefault(one.replicate, []).append(one)
    return {replicate: searches[0] for replicate, searches in found.items() if len(searches) == 1}
