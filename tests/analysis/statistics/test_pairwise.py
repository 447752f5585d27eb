"""Pairs of methods against scipy, a calculation by hand and properties."""

from __future__ import annotations

import math
import random
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from analysis_cases import record, search, trial, trials_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.statistics.finals import search_results
from analysis.statistics.pairwise import compare_pairs, holm, paired_results

# Thousandths: no values so close that scaling them makes them equal but for rounding.
LOSSES = st.integers(100, 900).map(lambda thousandth: thousandth / 1000)


def study(seed: int, n: int = 6, methods: str = "abcd") -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    return pd.DataFrame(chance.normal(0.4, 0.05, (n, len(methods))), columns=list(methods))


@pytest.mark.parametrize("n", [3, 5, 12])
def test_a_pair_equals_scipys_paired_tests(n):
    losses = study(n, n, "ab")
    (pair,) = compare_pairs(losses, 0.02)
    test = stats.ttest_rel(losses["a"], losses["b"])
    interval = test.confidence_interval(0.95)
    assert (pair.n, pair.p) == (n, pytest.approx(test.pvalue))
    assert (pair.difference.low, pair.difference.high) == pytest.approx((interval.low, interval.high))
    assert pair.p_wilcoxon == pytest.approx(stats.wilcoxon(losses["a"], losses["b"]).pvalue)
    differences = losses["a"] - losses["b"]
    sides = [
        stats.ttest_1samp(differences, -0.02, alternative="greater").pvalue,
        stats.ttest_1samp(differences, 0.02, alternative="less").pvalue,
    ]
    assert pair.p_equivalent == pytest.approx(max(sides))


def test_a_pair_matches_a_calculation_by_hand():
    """Differences -1, -2, -3, 0: mean -1.5, sd 1.2910, t = -2.3238 (df 3); J = 8/11; 3.5 of 4 lower."""
    losses = pd.DataFrame({"a": [1.0, 1.0, 1.0, 1.0], "b": [2.0, 3.0, 4.0, 1.0]})
    (pair,) = compare_pairs(losses, 1.0)
    assert pair.difference.value == -1.5
    assert pair.spread == pytest.approx(math.sqrt(5 / 3))
    assert pair.effect == pytest.approx(8 / 11 * -1.5 / math.sqrt(5 / 3))
    assert pair.a_better.value == 3.5 / 4
    assert pair.p == pytest.approx(2 * stats.t.sf(1.5 / math.sqrt(5 / 12), 3))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=3, max_size=7).filter(any))
def test_wilcoxon_with_ties_and_zeros_equals_scipys_permutation_test(differences):
    losses = pd.DataFrame({"a": np.array(differences, dtype=float), "b": 0.0})
    exact = stats.wilcoxon(differences, method=stats.PermutationMethod(n_resamples=1000)).pvalue
    assert compare_pairs(losses, 1.0)[0].p_wilcoxon == pytest.approx(exact)


def test_holm_matches_textbook_examples():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, math.nan, 0.04]) == pytest.approx([0.02, math.nan, 0.04], nan_ok=True)
    assert holm([]) == [] and holm([0.9, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_rejects_what_the_closed_test_by_bonferroni_does(p):
    """Holm is the closure of Bonferroni: H is rejected when every intersection holding it is."""
    for i, corrected in enumerate(holm(p)):
        others = [j for j in range(len(p)) if j != i]
        subsets = [(i, *more) for size in range(len(p)) for more in combinations(others, size)]
        worst = max(min(1.0, len(subset) * min(p[j] for j in subset)) for subset in subsets)
        assert corrected == pytest.approx(worst)


def test_pairs_are_corrected_together_and_only_those_tested_count():
    losses = study(0)
    losses["late"] = [0.3, 0.4, *[math.nan] * 4]
    pairs = compare_pairs(losses, 0.01)
    tested = [pair for pair in pairs if pair.n >= 3]
    assert len(pairs) == 10 and {pair.tests for pair in pairs} == {6} and len(tested) == 6
    assert [pair.p_holm for pair in tested] == holm([pair.p for pair in tested])
    for pair in pairs:
        if pair.n < 3:
            assert pair.n == 2 and math.isnan(pair.p) and math.isnan(pair.p_wilcoxon_holm)


def test_differences_without_spread_get_the_p_of_the_sign_test():
    same = pd.DataFrame({"a": [0.3] * 5, "b": [0.3] * 5, "c": [0.5] * 5})
    ab, ac, _ = compare_pairs(same, 0.01)
    assert (ab.p, ab.p_equivalent, ab.p_wilcoxon) == (1.0, 1 / 32, 1.0)
    assert (ac.p, ac.p_equivalent) == (2 / 32, 1.0)
    for pair in (ab, ac):
        assert pair.spread == 0 and math.isnan(pair.difference.low) and math.isnan(pair.effect)


def test_rounding_errors_are_not_spread():
    """0.1 + 0.2 is not 0.3 in floating point; a t-test would be certain of the difference."""
    losses = pd.DataFrame({"a": [0.1 + 0.2, 0.3, 0.3, 0.3], "b": [0.3, 0.3, 0.3, 0.3]})
    assert compare_pairs(losses, 0.01)[0].p > 0.05


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_replicates_are_described_but_not_tested(n):
    (pair,) = compare_pairs(study(1, n, "ab"), 0.01)
    assert (pair.n, pair.tests) == (n, 0)
    assert math.isnan(pair.p) and math.isnan(pair.p_equivalent) and math.isnan(pair.p_holm)
    assert math.isnan(pair.difference.low) == (n < 2)


@settings(max_examples=50, deadline=None)
@example([(0.1, 0.1, 0.102), (0.1, 0.101, 0.1), (0.1, 0.143, 0.141)], random.Random(0))
@given(st.lists(st.tuples(LOSSES, LOSSES, LOSSES), min_size=3, max_size=8), st.randoms())
def test_the_order_of_replicates_and_the_unit_change_nothing(rows, chance):
    losses = pd.DataFrame(rows, columns=["a", "b", "c"])
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    scaled = pd.DataFrame(shuffled, columns=["a", "b", "c"]) * 1000
    for pair, other in zip(compare_pairs(losses, 0.01), compare_pairs(scaled, 10.0), strict=True):
        for name in ("p", "p_equivalent", "p_wilcoxon", "p_holm", "effect"):
            assert getattr(pair, name) == pytest.approx(getattr(other, name), abs=1e-6, nan_ok=True), name
        assert pair.a_better.value == other.a_better.value


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(LOSSES, LOSSES), min_size=3, max_size=8))
def test_a_against_b_mirrors_b_against_a(rows):
    losses = pd.DataFrame(rows, columns=["a", "b"])
    (ab,), (ba,) = compare_pairs(losses, 0.01), compare_pairs(losses[["b", "a"]], 0.01)
    assert ab.difference.value == -ba.difference.value
    assert ab.a_better.value == pytest.approx(1 - ba.a_better.value)
    assert (ab.p, ab.p_equivalent) == (pytest.approx(ba.p), pytest.approx(ba.p_equivalent))


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_the_margin_must_be_above_zero(margin):
    with pytest.raises(ValueError, match="margin of equivalence must be above 0"):
        compare_pairs(study(0), margin)


def test_pairs_have_the_same_replicate_in_any_order_of_searches():
    searches = [
        record(method, f"{method}{number}", (trial(0, [loss]),), number)
        for method, losses in (("a", {2: 0.2, 0: 0.5}), ("b", {0: 0.4, 1: 0.3, 2: 0.1}))
        for number, loss in losses.items()
    ]
    losses = paired_results(search_results(trials_of(searches)))
    assert losses.index.tolist() == [0, 1, 2]
    assert (losses["a"] - losses["b"]).dropna().tolist() == pytest.approx([0.1, 0.1])


def test_failed_searches_and_repeated_numbers_have_no_pair():
    failed = search(trial(0, [0.5], "failed"), method="a", sweep="a0")
    twice = [search(trial(0, [0.4]), method="b", sweep=sweep) for sweep in ("b0", "b1")]
    losses = paired_results(search_results(trials_of([failed, *twice])))
    assert list(losses.columns) == ["a", "b"]
    assert losses.isna().all().all()
