"""The hypothesis against scipy, closed forms, simulated coverage and data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from analysis_cases import plausible, search, trial, trials_of
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.fashion_mnist.figure import hypothesis_figure
from analysis.fashion_mnist.hypothesis import MIN_RUNS, check_hypothesis, rank_correlation


def world(accuracy, seconds=lambda filters: filters, n: int = 40, lr=None) -> pd.DataFrame:
    """Return finished runs whose accuracy and seconds are functions of filters and lr."""
    chance = np.random.default_rng(0)
    filters = chance.integers(2, 16, n)
    lrs = 10 ** chance.uniform(-4, -2.5, n) if lr is None else lr(filters)
    runs = {"method": "a", "sweep": "s", "replicate": 0, "state": "finished", "steps": 10}
    columns = {"filters": filters, "units1": 128, "units2": 64, "lr": lrs}
    results = {"seconds": seconds(filters), "valid_accuracy": accuracy(filters, lrs)}
    return pd.DataFrame(runs | columns | results, index=range(n))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=30))
def test_the_correlation_equals_scipys(pairs):
    x, y = np.array(pairs, dtype=float).T
    found = rank_correlation(x, y)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert math.isnan(found.value)
    else:
        assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)


def test_the_partial_correlation_is_the_correlation_of_the_residuals():
    chance = np.random.default_rng(1)
    x, y, given_too = chance.normal(size=(3, 30))
    ranks = [stats.rankdata(values) for values in (x, y, given_too)]
    residuals = [rank - np.polyval(np.polyfit(ranks[2], rank, 1), ranks[2]) for rank in ranks[:2]]
    expected = np.corrcoef(residuals)[0, 1]
    assert rank_correlation(x, y, given_too).value == pytest.approx(expected)


def test_the_interval_is_bonett_and_wrights():
    """By hand: r = 0.5, n = 28: half width 1.96 sqrt((1 + 0.125) / 25) = 0.41577 around atanh(0.5)."""
    x = np.arange(28.0)
    y = x.copy()
    chance = np.random.default_rng(0)
    while abs(stats.spearmanr(x, y).statistic - 0.5) > 0.01:
        y = chance.permutation(x)
    found = rank_correlation(x, y)
    half = 1.959964 * math.sqrt((1 + found.value**2 / 2) / 25)
    assert (found.low, found.high) == pytest.approx(
        (math.tanh(math.atanh(found.value) - half), math.tanh(math.atanh(found.value) + half)), abs=1e-6
    )


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_intervals_cover_the_truth(rho):
    """1,000 normal samples of 30; Spearman's truth is 6/pi asin(rho/2). Standard error 0.007.

    Bonett and Wright report 94 to 96%; outside 92.5 to 97.5% by chance: below 1e-3 a case; fixed seed.
    """
    chance = np.random.default_rng(3)
    truth, covered = 6 / math.pi * math.asin(rho / 2), 0
    for _ in range(1000):
        x, noise = chance.normal(size=(2, 30))
        found = rank_correlation(x, rho * x + math.sqrt(1 - rho**2) * noise)
        covered += found.low <= truth <= found.high
    assert 0.925 <= covered / 1000 <= 0.975


def test_runs_that_follow_the_hypothesis_support_both_halves():
    found = check_hypothesis(world(lambda filters, lr: filters + 2 * np.log10(lr), lambda f: 3 * f + 1))
    assert (found.accuracy.verdict, found.seconds.verdict) == ("supported", "supported")
    assert "More filters, higher accuracy: supported. With lr accounted for" in found.accuracy.sentence


def test_runs_that_do_the_opposite_contradict_the_hypothesis():
    found = check_hypothesis(world(lambda filters, lr: -filters + np.log10(lr), lambda f: 100 - f))
    assert (found.accuracy.verdict, found.seconds.verdict) == ("contradicted", "contradicted")


def test_accuracy_that_depends_on_lr_is_not_attributed_to_filters():
    """lr follows filters, accuracy follows lr alone: plainly correlated, and not once lr is accounted for."""
    chance = np.random.default_rng(5)
    found = check_hypothesis(
        world(
            lambda filters, lr: np.log10(lr) + chance.normal(0, 0.02, len(lr)),
            lr=lambda filters: 10 ** (-4 + filters / 10 + chance.normal(0, 0.2, len(filters))),
        )
    )
    assert found.accuracy.plain.low > 0
    assert found.accuracy.verdict == "undecided"


def test_only_different_runs_of_full_length_count():
    searches = plausible(10, 10, 0, 2)
    trials = trials_of(searches)
    finished = (trials["state"] == "finished").sum()
    again = trials[trials["method"] == "random"].assign(method="copy")
    found = check_hypothesis(pd.concat([trials, again], ignore_index=True))
    assert (len(found.runs), found.repeated, found.epochs) == (finished, len(again), 10)
    short = trials_of([search(trial(0, [0.5, 0.4]), trial(1, [0.3]), trial(2, [0.3, 0.2]))])
    assert len(check_hypothesis(short).runs) == 2


@pytest.mark.parametrize("n", [0, 1, MIN_RUNS - 1])
def test_too_few_runs_decide_nothing(n):
    found = check_hypothesis(world(lambda filters, lr: filters, n=max(n, 1)).head(n))
    assert found.accuracy.verdict == found.seconds.verdict == "undecided"
    assert f"Runs found: {n}." in found.accuracy.sentence


def test_filters_that_do_not_vary_decide_nothing():
    runs = world(lambda filters, lr: lr).assign(filters=12)
    assert check_hypothesis(runs).accuracy.verdict == "undecided"


@pytest.mark.parametrize(
    "trials",
    [
        trials_of(plausible(10, 10, 0, 2)),
        trials_of([]),
        trials_of([search(trial(0, [0.5], lr=0.0))]),
        world(lambda filters, lr: lr, lr=lambda filters: np.full(len(filters), 1e-3)),
    ],
    ids=["usual", "none", "one of lr 0", "one lr"],
)
def test_the_figure_is_drawn_and_counts_its_runs(trials):
    hypothesis = check_hypothesis(trials)
    figure = hypothesis_figure(hypothesis)
    figure.draw_without_rendering()
    drawn = sum(len(points.get_offsets()) for points in figure.axes[0].collections)
    assert drawn == len(hypothesis.runs)
    assert f"n = {len(hypothesis.runs)}" in figure.get_suptitle()
