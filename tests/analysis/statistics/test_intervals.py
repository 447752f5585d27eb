"""Intervals against scipy, closed forms, calculations by hand and simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.intervals import interquartile_mean, mean, median, median_bands, proportion

# Eighths: no values so close that scaling them makes them equal but for rounding.
EIGHTHS = st.integers(-8000, 8000).map(lambda eighth: eighth / 8)
VALUES = st.lists(EIGHTHS, min_size=2, max_size=30)


@given(VALUES)
def test_the_interval_of_the_mean_equals_scipys(values):
    if len(set(values)) == 1:
        return
    found, scipys = mean(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((scipys.low, scipys.high), rel=1e-6, abs=1e-6)


# The constant sample has no spread, which scipy warns of.
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@given(VALUES)
def test_the_interquartile_mean_equals_scipys_with_yuens_interval(values):
    """Yuen's test of scipy against a constant sample is significant at 5 % exactly at the interval's ends."""
    found = interquartile_mean(values)
    assert found.value == pytest.approx(stats.trim_mean(values, 0.25), rel=1e-9, abs=1e-9)
    if math.isnan(found.low):
        return
    for end in (found.low, found.high):
        # One sample has no variance; scipy's Welch degrees of freedom are then the other's alone.
        test = stats.ttest_ind(values, np.full(len(values), end), equal_var=False, trim=0.25)
        assert test.pvalue == pytest.approx(0.05, rel=1e-3)


def test_the_interval_of_the_median_of_five_is_their_range_with_its_confidence():
    found = median([5.0, 1.0, 4.0, 2.0, 3.0])
    assert (found.value, found.low, found.high, found.n) == (3.0, 1.0, 5.0, 5)
    assert found.confidence == 1 - 2 / 2**5


def test_fewer_than_five_have_a_median_without_interval():
    found = median([4.0, 1.0, 2.0, 3.0])
    assert found.value == 2.5
    assert math.isnan(found.low) and math.isnan(found.high) and math.isnan(found.confidence)


def test_the_median_of_ten_lies_between_hettmanspergers_ranks():
    """By hand: ranks 2 and 9 enclose with 0.97852, 3 and 8 with 0.89062; I = 0.3244, lambda = 0.6578."""
    found = median([float(value) for value in range(1, 11)])
    assert (found.low, found.high) == pytest.approx((2.6578, 8.3422), abs=2e-4)


def test_infinite_values_count_as_the_largest():
    found = median([1.0, 2.0, math.inf, math.inf, 3.0])
    assert (found.value, found.low, found.high) == (3.0, 1.0, math.inf)
    assert median([1.0, math.inf]).value == math.inf
    assert median([math.inf] * 7).low == math.inf


def test_no_values_give_no_numbers():
    for found in (mean([]), interquartile_mean([]), median([]), proportion(0, 0)):
        assert found.n == 0 and math.isnan(found.value) and math.isnan(found.low)


def test_one_value_is_an_estimate_without_interval():
    for found in (mean([0.5]), interquartile_mean([0.5]), median([0.5])):
        assert (found.value, found.n) == (0.5, 1) and math.isnan(found.low)


def test_values_without_spread_have_no_interval_of_the_mean():
    assert math.isnan(mean([0.3] * 5).low)
    assert math.isnan(interquartile_mean([0.1, 0.3, 0.3, 0.3, 0.9]).low)
    assert median([0.3] * 5).low == 0.3


def test_bands_are_the_medians_column_by_column():
    values = np.random.default_rng(0).normal(size=(9, 4))
    middle, low, high, _ = median_bands(values)
    for column in range(4):
        one = median(values[:, column])
        assert (one.value, one.low, one.high) == (middle[column], low[column], high[column])


@given(st.lists(EIGHTHS, min_size=5, max_size=20), st.randoms())
def test_estimates_ignore_the_order_and_scale_with_the_values(values, chance):
    shuffled = values.copy()
    chance.shuffle(shuffled)
    for estimate in (mean, interquartile_mean, median):
        found, other = estimate(values), estimate([2 * value + 1 for value in shuffled])
        expected = [2 * end + 1 for end in (found.value, found.low, found.high)]
        got = [other.value, other.low, other.high]
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)
        assert math.isnan(found.low) or found.low - 1e-9 <= found.value <= found.high + 1e-9


@given(st.integers(1, 200), st.data())
def test_the_interval_of_a_proportion_equals_scipys_wilson(n, data):
    k = data.draw(st.integers(0, n))
    scipys = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert (proportion(k, n).low, proportion(k, n).high) == pytest.approx((scipys.low, scipys.high), abs=1e-9)


@pytest.mark.parametrize("n", [5, 6, 7, 10])
def test_the_interval_covers_the_median_with_the_stated_confidence(n):
    """4,000 samples, standard error at most 0.0038: false failure (beyond 0.02) below 1e-6 a case.

    Interpolation is exact for no distribution; for the log-normal it is within 0.007 (measured).
    """
    samples = np.random.default_rng(n).lognormal(size=(n, 4000))
    _, low, high, confidence = median_bands(samples)
    assert np.mean((low <= 1) & (high >= 1)) == pytest.approx(confidence, abs=0.02)
