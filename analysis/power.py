"""How likely the pairwise tests are to decide, and how many replicates they need for it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

# Cohen's convention.
WANTED = 0.8
MOST = 1000
_QUANTILES = (np.arange(400) + 0.5) / 400


def difference_power(n: int, difference: float, spread: float, alpha: float) -> float:
    """The chance that the two-sided paired t-test at level `alpha` finds a difference, in either direction.

    Exact for normal differences, by the non-central t distribution (Cohen, Statistical Power Analysis).

    Args:
        n: pairs, at least 2.
        difference: true mean of the differences.
        spread: their true standard deviation, above 0.
        alpha: in (0, 1).
    """
    shift = difference / spread * math.sqrt(n)
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    return float(stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift))


def equivalence_power(n: int, difference: float, spread: float, margin: float, alpha: float) -> float:
    """The chance that two one-sided t-tests at level `alpha` both place the difference within the margin.

    Exact for normal differences but for the quadrature over the sample's standard deviation (Phillips,
    J. Pharmacokinetics and Biopharmaceutics 18, 1990).

    Args:
        n: pairs, at least 2.
        difference: true mean of the differences.
        spread: their true standard deviation, above 0.
        margin: above 0.
        alpha: in (0, 0.5).
    """
    error = spread / math.sqrt(n)
    sampled = error * np.sqrt(stats.chi2.ppf(_QUANTILES, n - 1) / (n - 1))
    room = margin - stats.t.ppf(1 - alpha, n - 1) * sampled
    inside = stats.norm.cdf((room - difference) / error) - stats.norm.cdf((-room - difference) / error)
    return float(np.where(room > 0, inside, 0.0).mean())


def replicates_to_decide(difference: float, spread: float, margin: float, alpha: float) -> int | None:
    """The smallest number of pairs with which one of the two tests decides with probability WANTED.

    Args:
        difference: assumed true mean of the differences.
        spread: assumed true standard deviation, above 0.
        margin: of equivalence, above 0.
        alpha: level of either test, corrected for the number of pairs of methods.

    Returns:
        At least 3; None where MOST pairs would not do.
    """
    needed = [
        _smallest(lambda n: difference_power(n, difference, spread, alpha)),
        _smallest(lambda n: equivalence_power(n, difference, spread, margin, alpha)),
    ]
    return min((n for n in needed if n is not None), default=None)


def _smallest(power: Callable[[int], float]) -> int | None:
    """Bisection: both powers rise with n once they matter."""
    if power(MOST) < WANTED:
        return None
    low, high = 2, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= WANTED else (middle, high)
    return high
