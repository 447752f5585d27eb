"""Estimates with intervals that keep their stated confidence even for few replicates.

The coverage of each interval is measured (benchmarks/aa.py). Bootstrap percentiles are not used: with 5 to 10
values they cover the median or the interquartile mean in as few as 86 of 100 cases.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Floats = npt.NDArray[np.float64]
CONFIDENCE = 0.95
# The range of 5 values covers the median in 93.75 % of cases, that of 4 values in 87.5 %.
MIN_FOR_MEDIAN = 5
TRIM = 0.25


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval.

    Attributes:
        value: the estimate; NaN if there is no data.
        low: lower end of the interval; NaN if the data allows no interval.
        high: upper end; NaN if the data allows no interval.
        confidence: share of studies whose interval covers the truth, in (0, 1); NaN without interval.
        n: number of values that the estimate is based on.
    """

    value: float
    low: float
    high: float
    confidence: float
    n: int


def mean(values: Sequence[float] | Floats, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean of independent `values`, with Student's interval.

    There is no interval for fewer than 2 values, nor if all are equal: without spread the data does not show
    how far off the mean may be.
    """
    data = np.asarray(values, dtype=float)
    n = len(data)
    if n == 0:
        return _without_interval(math.nan, 0)
    centre = float(data.mean())
    if n < 2 or without_spread(data):
        return _without_interval(centre, n)
    half = float(special.stdtrit(n - 1, (1 + confidence) / 2)) * float(data.std(ddof=1)) / math.sqrt(n)
    return Estimate(centre, centre - half, centre + half, confidence, n)


def interquartile_mean(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean of the middle half: a quarter of the values (rounded down) is left out at each end.

    The interval is Yuen's for trimmed means (Biometrika 61, 1974), from the winsorised variance. There is
    no interval for fewer than 2 values, nor if all values of the middle half are equal.
    """
    data = np.sort(np.asarray(values, dtype=float))
    n = len(data)
    if n == 0:
        return _without_interval(math.nan, 0)
    cut = int(TRIM * n)
    kept = n - 2 * cut
    centre = float(stats.trim_mean(data, TRIM))
    winsorised = np.clip(data, data[cut], data[n - cut - 1])
    if n < 2 or without_spread(winsorised):
        return _without_interval(centre, n)
    error = math.sqrt((n - 1) * winsorised.var(ddof=1) / (kept * (kept - 1)))
    half = float(special.stdtrit(kept - 1, (1 + confidence) / 2)) * error
    return Estimate(centre, centre - half, centre + half, confidence, n)


def median(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the median, with the distribution-free interval of `median_bands`; values may be infinite."""
    value, low, high, reached = median_bands(np.asarray(values, dtype=float)[:, None], confidence)
    return Estimate(float(value[0]), float(low[0]), float(high[0]), reached, len(values))


def median_bands(values: Floats, confidence: float = CONFIDENCE) -> tuple[Floats, Floats, Floats, float]:
    """Compute the median and its interval for every column.

    The interval lies between order statistics, interpolated after Hettmansperger and Sheather (Statistics &
    Probability Letters 4, 1986). It assumes nothing about the distribution of the values. With 5 values it is
    their range and has a confidence of 0.9375; with fewer there is no interval.

    Args:
        values: shape (n, k), n values of k quantities; they may be infinite but not NaN.
        confidence: the desired confidence, in (0, 1).

    Returns:
        The medians, lower ends and upper ends, each of shape (k,), NaN where undefined. Then the confidence
        reached, NaN without an interval.
    """
    n, columns = values.shape
    empty = np.full(columns, math.nan)
    if n == 0:
        return empty, empty, empty, math.nan
    ordered = np.sort(values, axis=0)
    middle = _between(ordered[(n - 1) // 2], ordered[n // 2], 0.5)
    if n < MIN_FOR_MEDIAN:
        return middle, empty, empty, math.nan
    # Rank k from below and from above enclose the median with confidence 1 - 2 P(fewer than k of n below it).
    ranks = np.arange(1, (n + 1) // 2 + 1)
    enclosed = 1 - 2 * special.bdtr(ranks - 1.0, n, 0.5)
    enough = ranks[enclosed >= confidence]
    if len(enough) == 0:
        return middle, ordered[0], ordered[-1], float(enclosed[0])
    rank = int(enough[-1])
    outer, inner = enclosed[rank - 1], enclosed[rank] if rank < len(ranks) else 0.0
    share = (outer - confidence) / (outer - inner)
    weight = (n - rank) * share / (rank + (n - 2 * rank) * share)
    low = _between(ordered[rank - 1], ordered[rank], weight)
    high = _between(ordered[n - rank], ordered[n - rank - 1], weight)
    return middle, low, high, confidence


def proportion(successes: float, n: int, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a share, with Wilson's interval; all NaN for n = 0.

    Args:
        successes: in [0, n]; not an integer if ties count half.
        n: number of independent cases.
        confidence: the desired confidence, in (0, 1).
    """
    if n == 0:
        return _without_interval(math.nan, 0)
    share, z = successes / n, float(special.ndtri((1 + confidence) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return Estimate(share, low, high, confidence, n)


def without_spread(values: Floats) -> bool:
    """Return whether all values (at least one) are equal, up to rounding errors."""
    return bool(np.ptp(values) <= 1e-12 + 1e-9 * np.abs(values).max())


def _between(a: Floats, b: Floats, weight: float) -> Floats:
    """Interpolate: a for weight 0, b for weight 1; infinite if a or b is."""
    with np.errstate(invalid="ignore"):
        mixed = (1 - weight) * a + weight * b
    return np.where(a == b, a, mixed)


def _without_interval(value: float, n: int) -> Estimate:
    return Estimate(value, math.nan, math.nan, math.nan, n)
