"""The share of a method's searches that have reached the target, against what they have spent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.incumbents.curves import Spending
from analysis.statistics.intervals import Floats


@dataclass(frozen=True)
class Reached:
    """The empirical distribution of what a method's searches spend until they reach the target.

    Attributes:
        method: the method.
        n: number of searches, those that never reach it included.
        spent: shape (k,), increasing: what each search that reached it had spent by then.
        share: shape (k,), the share of all searches that have reached it then, in (0, 1].
        end: the median of what the searches spent in total.
    """

    method: str
    n: int
    spent: Floats
    share: Floats
    end: float


def reached(spending: Sequence[Spending], target: float) -> tuple[Reached, ...]:
    """Compute the distribution of every method, in the order of `spending`.

    Args:
        spending: the result of `curves.search_spending`.
        target: a value of `minimised`; NaN reaches nobody.
    """
    return tuple(
        _reached(method, [one for one in spending if one.method == method], target)
        for method in dict.fromkeys(one.method for one in spending)
    )


def _reached(method: str, searches: Sequence[Spending], target: float) -> Reached:
    spent = [] if math.isnan(target) else [one.spent_to_reach(target) for one in searches]
    known = np.sort([amount for amount in spent if math.isfinite(amount)])
    share = np.arange(1, len(known) + 1) / len(searches)
    end = float(np.median([one.total for one in searches]))
    return Reached(method, len(searches), known.astype(float), share, end)
