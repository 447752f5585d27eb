"""Compute how likely the pairwise tests are to decide, and how many replicates they need for that."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy import special

from analysis.statistics.intervals import Floats

# The usual power, after Cohen.
TARGET_POWER = 0.8
MAX_REPLICATES = 1000
_QUANTILES = (np.arange(2000) + 0.5) / 2000


def difference_power(n: int, difference: float, spread: float, alpha: float) -> float:
    """Return the probability that the two-sided paired t-test at level `alpha` finds a difference.

    Either direction counts. This is the power from the non-central t distribution (Cohen, Statistical Power
    Analysis). It is computed as a mean over the sample's standard deviation, because scipy's nctdtr is NaN
    for large effects.

    Args:
        n: number of pairs, at least 2.
        difference: true mean of the differences.
        spread: true standard deviation of the differences, above 0.
        alpha: in (0, 1).
    """
    shift = difference / spread * math.sqrt(n)
    critical = special.stdtrit(n - 1, 1 - alpha / 2) * _sampled_spreads(n)
    return float((special.ndtr(shift - critical) + special.ndtr(-shift - critical)).mean())


def equivalence_power(n: int, difference: float, spread: float, margin: float, alpha: float) -> float:
    """Return the probability that two one-sided t-tests at level `alpha` find equivalence.

    They find it if both place the difference within the margin. This assumes normal differences (Phillips,
    J. Pharmacokinetics and Biopharmaceutics 18, 1990).

    Args:
        n: number of pairs, at least 2.
        difference: true mean of the differences.
        spread: true standard deviation of the differences, above 0.
        margin: above 0.
        alpha: in (0, 0.5).
    """
    error = spread / math.sqrt(n)
    room = margin - special.stdtrit(n - 1, 1 - alpha) * error * _sampled_spreads(n)
    inside = special.ndtr((room - difference) / error) - special.ndtr((-room - difference) / error)
    return float(np.where(room > 0, inside, 0.0).mean())


def replicates_to_decide(difference: float, spread: float, margin: float | None, alpha: float) -> int | None:
    """Return the smallest number of pairs with which one of the two tests decides with TARGET_POWER.

    Args:
        difference: assumed true mean of the differences.
        spread: assumed true standard deviation, above 0.
        margin: smaller differences are equivalent; above 0. None if the study has no margin.
        alpha: level of each test, corrected for the number of pairs of methods.

    Returns:
        At least 3; None if MAX_REPLICATES pairs are not enough.
    """
    needed = [_smallest(lambda n: difference_power(n, difference, spread, alpha))]
    if margin is not None:
        needed.append(_smallest(lambda n: equivalence_power(n, difference, spread, margin, alpha)))
    return min((n for n in needed if n is not None), default=None)


@cache
def _sampled_spreads(n: int) -> Floats:
    """Return equally likely values of the standard deviation of n normal values, in units of the true one."""
    spreads: Floats = np.sqrt(2 * special.gammaincinv((n - 1) / 2, _QUANTILES) / (n - 1))
    return spreads


def _smallest(power: Callable[[int], float]) -> int | None:
    """Bisect for the smallest n with TARGET_POWER; both powers increase with n where it matters."""
    if power(MAX_REPLICATES) < TARGET_POWER:
        return None
    low, high = 2, MAX_REPLICATES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= TARGET_POWER else (middle, high)
    return high
