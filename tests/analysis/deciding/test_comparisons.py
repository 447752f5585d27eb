"""Differences with the table's own error, and their verdicts: against closed forms and simulations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.deciding.comparisons import Values, compare_family, error_of, estimate, inflation_of
from analysis.deciding.runs import RESAMPLED
from analysis.statistics.verdicts import Outcome

SEEDS = 20


def values(by_seed, groups):
    """Values on a table, and on each resampled table."""
    of = np.concatenate([by_seed.mean(axis=1), *groups])
    sizes = [len(by_seed), *map(len, groups)]
    table = np.repeat(np.arange(len(sizes)), sizes)
    return Values(of, table, np.concatenate([np.arange(size) for size in sizes]), by_seed)


def drawn(seed, mean=0.0, of_seeds=0.0, within=0.02, n=400, m=10):
    """Differences that depend on the table's seeds: each seed shifts all of them."""
    chance = np.random.default_rng(seed)
    shifts = of_seeds * chance.normal(size=SEEDS)

    def searches(count, chosen):
        luck = within * chance.normal(size=(count, 1))
        return mean + luck + shifts[chosen] + 0.01 * chance.normal(size=(count, SEEDS))

    every = np.arange(SEEDS)
    groups = [searches(m, chance.integers(SEEDS, size=SEEDS)).mean(axis=1) for _ in range(RESAMPLED)]
    return values(searches(n, every), groups)


def test_the_variance_is_that_of_replicates_and_of_the_tables_seeds():
    data = drawn(1, of_seeds=0.02)
    error = error_of(data, inflation=1.5)
    of_replicates = data.on_table.var(ddof=1) / 400
    of_table = 1.5 * data.by_seed.mean(axis=0).var(ddof=1) / SEEDS
    assert error.variance == pytest.approx(of_replicates + of_table)
    assert error.of_table == pytest.approx(of_table)
    # Satterthwaite's degrees of freedom lie between those of the parts.
    assert SEEDS - 1 <= error.freedom <= 399
    found = estimate(data, 1.5)
    half = stats.t.ppf(0.975, error.freedom) * error.variance**0.5
    assert found.value == pytest.approx(data.on_table.mean()) and found.n == 400
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_intervals_contain_the_truth_in_95_of_100_studies_with_and_without_error_of_the_table():
    """False failures: below 1e-4 for either line, by the binomial distribution of 600 studies."""
    for of_seeds in (0.0, 0.02):
        covered = sum(
            found.low <= 0.1 <= found.high
            for seed in range(600)
            for found in [estimate(drawn(seed, mean=0.1, of_seeds=of_seeds))]
        )
        assert 0.915 <= covered / 600 <= 0.985


def test_inflation_is_what_the_resampled_tables_add():
    """False failures: below 1e-4; over 200 differences the ratio varies by about 0.04."""
    family = [drawn(seed, of_seeds=0.05) for seed in range(200)]
    # Resampling n seeds gives a variance of (n - 1) / n of that of the mean.
    assert inflation_of(family) == pytest.approx(1.0, abs=0.1)
    wider = [
        Values(
            np.where(one.table == 0, one.of, 0.1 + 2 * (one.of - 0.1)), one.table, one.replicate, one.by_seed
        )
        for one in (drawn(seed, mean=0.1, of_seeds=0.05, within=0.0) for seed in range(200))
    ]
    assert inflation_of(wider) == pytest.approx(4.0, rel=0.15)


def test_at_most_5_of_100_studies_of_the_same_methods_claim_a_difference():
    """Thirteen comparisons. False failures: below 1e-4, by the binomial distribution of 300 studies."""
    claims = 0
    for study in range(300):
        family = {str(k): drawn(1000 * study + k, of_seeds=0.01) for k in range(13)}
        outcomes = [one.outcome for one in compare_family(family, inflation_of(family.values())).values()]
        claims += any(outcome in (Outcome.BETTER, Outcome.WORSE) for outcome in outcomes)
    assert claims / 300 <= 0.05 + 3.8 * (0.05 * 0.95 / 300) ** 0.5


@pytest.mark.parametrize(
    ("mean", "outcome"),
    [(-0.03, Outcome.BETTER), (0.03, Outcome.WORSE), (0.001, Outcome.EQUIVALENT), (0.01, Outcome.UNDECIDED)],
)
def test_verdicts_follow_the_difference(mean, outcome):
    within = 0.15 if outcome is Outcome.UNDECIDED else 0.02
    found = compare_family({"one": drawn(3, mean=mean, within=within)})["one"]
    assert found.outcome is outcome


def test_a_result_that_no_seed_changes_takes_the_tables_part_from_the_resampled_tables():
    data = drawn(2)
    groups = [data.of[data.table == number] + 0.01 * (number % 2) for number in range(1, RESAMPLED + 1)]
    alone = Values(np.concatenate([data.on_table, *groups]), data.table, data.replicate)
    between = np.var([group.mean() for group in groups], ddof=1) - data.on_table.var(ddof=1) / 10
    assert error_of(alone).of_table == pytest.approx(max(0.0, between)) and between > 0


def test_differences_are_of_the_replicates_that_both_have():
    one = Values(np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1]), np.array([0, 1, 0]))
    other = Values(np.array([0.5, 0.5]), np.array([1, 0]), np.array([0, 1]))
    found = one.minus(other)
    assert (found.of.tolist(), found.table.tolist(), found.replicate.tolist()) == ([1.5, 2.5], [0, 1], [1, 0])


def test_no_spread_at_all_is_decided_by_the_difference_itself():
    same = values(np.full((10, 4), 0.02), [np.full(3, 0.02)] * RESAMPLED)
    nothing = values(np.zeros((10, 4)), [np.zeros(3)] * RESAMPLED)
    found = compare_family({"worse": same, "equal": nothing})
    assert found["worse"].outcome is Outcome.WORSE and found["equal"].outcome is Outcome.EQUIVALENT
