"""The ends of colour scales: outliers do not leave one colour for all others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.figures.scales import beyond, colour_ends

EVEN = np.linspace(0.8, 0.9, 20)


@pytest.mark.parametrize("sign", [1, -1])
def test_without_outliers_the_scale_holds_all_results(sign):
    ends = colour_ends(pd.Series(EVEN), sign)
    assert ends == pytest.approx((0.8, 0.9)) and beyond(pd.Series(EVEN), ends) == 0


def test_far_worse_results_are_beyond_the_scale_and_far_better_ones_are_not():
    results = pd.Series([*EVEN, 0.1, 0.2, 5.0])
    assert colour_ends(results, -1) == pytest.approx((0.8, 5.0))
    assert beyond(results, colour_ends(results, -1)) == 2
    assert colour_ends(results, 1) == pytest.approx((0.1, 0.9))
    assert beyond(results, colour_ends(results, 1)) == 1


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("values", [[0.5], [0.5] * 9, [0.0, 0.0], [-2.0] * 3])
def test_equal_results_get_a_scale_too(values, sign):
    low, high = colour_ends(pd.Series(values), sign)
    assert low < values[0] < high


def test_one_other_result_among_equal_ones_is_on_the_scale():
    assert colour_ends(pd.Series([0.5] * 9 + [0.9]), 1) == (0.5, 0.9)
