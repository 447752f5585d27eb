"""Power against scipy's non-central t, published numbers of subjects and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.power import (
    MAX_REPLICATES,
    TARGET_POWER,
    difference_power,
    equivalence_power,
    replicates_to_decide,
)


@pytest.mark.parametrize("n", [3, 5, 10, 30])
@pytest.mark.parametrize("effect", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_power_is_that_of_the_noncentral_t(n, effect, alpha):
    critical, shift = stats.t.ppf(1 - alpha / 2, n - 1), effect * n**0.5
    expected = stats.nct.sf(critical, n - 1, shift) + stats.nct.cdf(-critical, n - 1, shift)
    assert difference_power(n, 3 * effect, 3.0, alpha) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_pairs_needed_are_those_of_the_textbooks(effect, n):
    """Paired t-test, two-sided 5%, power 80%: 199, 34 and 15 pairs for Cohen's effects (G*Power 3.1)."""
    assert replicates_to_decide(effect, 1.0, 1e-9, 0.05) == n


@pytest.mark.parametrize("difference", [0.0, 0.3])
def test_power_of_equivalence_is_what_simulation_finds(difference):
    """20,000 samples, standard error at most 0.0036: false failure (beyond 0.02) below 1e-7."""
    chance = np.random.default_rng(0)
    samples = chance.normal(difference, 1.0, (20_000, 15))
    reach = stats.t.ppf(0.95, 14) * samples.std(axis=1, ddof=1) / 15**0.5
    found = np.mean(np.abs(samples.mean(axis=1)) + reach < 0.8)
    assert equivalence_power(15, difference, 1.0, 0.8, 0.05) == pytest.approx(found, abs=0.02)


def test_the_number_needed_is_the_smallest_that_will_do():
    for difference in (0.0, 0.004, 0.02):
        n = replicates_to_decide(difference, 0.01, 0.01, 0.005)

        def best(n, difference=difference):
            equivalent = equivalence_power(n, difference, 0.01, 0.01, 0.005)
            return max(difference_power(n, difference, 0.01, 0.005), equivalent)

        assert best(n) >= TARGET_POWER > best(n - 1)


def test_a_difference_of_just_the_margin_in_noise_is_never_decided():
    assert replicates_to_decide(1e-6, 1.0, 1e-6, 0.05) is None
    assert difference_power(MAX_REPLICATES, 1e-6, 1.0, 0.05) < TARGET_POWER
