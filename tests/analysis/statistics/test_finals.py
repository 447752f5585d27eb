"""Curves, finals and ranks against calculations by hand, and their properties."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from analysis_cases import hand_made, plausible, record, search, steps_of, trial, trials_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.records.search import SearchRecord
from analysis.statistics.finals import method_finals, search_results
from analysis.statistics.incumbents.curves import AXES, incumbent_curves, search_spending
from analysis.statistics.incumbents.ranks import ranks


def spending_of(searches, axis):
    return search_spending(trials_of(searches), steps_of(searches), axis)


def finals_of(searches, target=None):
    results = search_results(trials_of(searches))
    return method_finals(results, spending_of(searches, "steps"), spending_of(searches, "seconds"), target)


def replicates(method: str, *histories: list[float]) -> list[SearchRecord]:
    """Return one replicate per history, each with one trial."""
    return [
        record(method, f"{method}{number}", (trial(0, losses),), number)
        for number, losses in enumerate(histories)
    ]


def test_steps_decrease_where_the_incumbent_does():
    one = search(trial(0, [0.5, 0.6]), trial(1, [0.1], "failed"), trial(2, [0.7, 0.4], "stopped"))
    (by_trials,), (by_steps,), (by_seconds,) = (spending_of([one], axis) for axis in AXES)
    assert by_trials.best.tolist() == [0.5, 0.5, 0.4]
    assert by_steps.best.tolist() == [0.5, 0.5, 0.5, 0.5, 0.4]
    assert by_seconds.spent.tolist() == [2.5, 5.0, 7.5, 10.0, 12.5]
    assert by_steps.at(np.array([0.0, 1.0, 4.9, 5.0, 9.0])).tolist() == [math.inf, 0.5, 0.5, 0.4, 0.4]
    assert [by_steps.spent_to_reach(target) for target in (0.5, 0.45, 0.3)] == [1, 5, math.inf]


def test_a_search_of_unknown_duration_has_no_steps_against_seconds():
    untimed = trial(0, [0.5])
    untimed = replace(untimed, history=({"valid_loss": 0.5},))
    searches = [search(untimed), search(trial(0, [0.4]), sweep="t")]
    assert [one.sweep for one in spending_of(searches, "seconds")] == ["t"]
    assert len(spending_of(searches, "steps")) == 2
    assert math.isnan(finals_of(searches, 0.5)[0].seconds_to_target.value)


def test_a_curve_is_the_median_with_its_band():
    """Five replicates: the band is their range, the curve their third value."""
    searches = replicates("a", [0.9, 0.5], [0.8, 0.4], [0.7, 0.6], [0.6, 0.3], [0.5, 0.2])
    (curve,) = incumbent_curves(spending_of(searches, "steps"), "steps")
    assert (curve.n, curve.confidence, curve.grid.tolist()) == (5, 0.9375, [1, 2])
    assert curve.median.tolist() == [0.7, 0.4]
    assert (curve.low.tolist(), curve.high.tolist()) == ([0.5, 0.2], [0.9, 0.6])


def test_one_search_has_a_curve_without_band():
    (curve,) = incumbent_curves(spending_of(replicates("a", [0.9, 0.5]), "steps"), "steps")
    assert curve.median.tolist() == [0.9, 0.5] and np.isnan(curve.low).all()


def test_shorter_searches_keep_their_incumbent_up_to_the_median_end():
    searches = replicates("a", [0.9], [0.8, 0.4, 0.3], [0.7, 0.6, 0.5, 0.1])
    (curve,) = incumbent_curves(spending_of(searches, "steps"), "steps")
    assert curve.grid.tolist() == [1, 2, 3]
    assert curve.values[0].tolist() == [0.9, 0.9, 0.9]


def test_methods_without_a_result_have_an_infinite_curve_and_no_numbers():
    searches = [search(trial(0, [0.5], "failed"), method="a"), search(trial(0, [0.4]), method="b")]
    bad, good = incumbent_curves(spending_of(searches, "steps"), "steps")
    assert np.isinf(bad.median).all() and good.median.tolist() == [0.4]
    finals = finals_of(searches)[0]
    assert (finals.without_result, finals.reached) == (1, 0)
    assert finals.median.value == math.inf and math.isnan(finals.iqm.value)
    assert finals.steps_to_target.value == math.inf


def test_without_results_there_is_no_target():
    finals = finals_of([search(trial(0, [], "failed"))])[0]
    assert math.isnan(finals.target) and finals.reached == 0 and math.isnan(finals.steps_to_target.value)
    assert math.isnan(finals.rank)


@pytest.mark.parametrize("axis", AXES)
def test_unusual_searches_have_curves_too(axis):
    curves = incumbent_curves(spending_of(hand_made(), axis), axis)
    assert {curve.method for curve in curves} <= {"bayes", "hyperband", "op|una"}


def test_finals_match_a_calculation_by_hand():
    """Finals 0.5, 0.4, 0.6, 0.3, 0.2; the interquartile mean leaves out one at either end."""
    searches = replicates("a", [0.9, 0.5], [0.8, 0.4], [0.7, 0.6], [0.6, 0.3], [0.5, 0.2])
    (one,) = finals_of(searches, target=0.45)
    assert (one.median.value, one.median.low, one.median.high) == (0.4, 0.2, 0.6)
    assert one.iqm.value == pytest.approx(0.4)
    assert (one.reached, one.steps_to_target.value, one.seconds_to_target.value) == (3, 2, 5.0)
    assert one.steps_to_target.high == math.inf


def test_the_default_target_is_reached_by_half_of_the_searches():
    searches = plausible(3, 3, 1, 6)
    finals = finals_of(searches)
    assert 2 * sum(one.reached for one in finals) in (len(searches), len(searches) + 1)


def of(spending):
    """Each method's average rank, and the number of replicates behind it."""
    return {one.method: (one.average, one.n) for one in ranks(spending)}


def test_ranks_average_over_the_budget_and_over_replicates():
    """First half of the budget: a 1, b 2, other half the other way round in replicate 0; ties in 1."""
    searches = [*replicates("a", [0.5, 0.5], [0.3, 0.3]), *replicates("b", [0.6, 0.4], [0.3, 0.3])]
    found = of(spending_of(searches, "steps"))
    # Half an epoch has no incumbent yet for either: a tie in the first half of the grid, less one point.
    halves_a = (49 * 1.5 + 50 * 1 + 1 * 2) / 100
    assert found["a"] == (pytest.approx((halves_a + 1.5) / 2), 2)
    assert found["a"][0] + found["b"][0] == pytest.approx(3)


def test_replicates_that_lack_a_method_are_not_ranked():
    searches = [*replicates("a", [0.5], [0.3]), *replicates("b", [0.6])]
    assert of(spending_of(searches, "steps"))["a"][1] == 1
    twice = [*searches, search(trial(0, [0.1]), method="b", sweep="again")]
    assert of(spending_of(twice, "steps"))["a"] == (pytest.approx(math.nan, nan_ok=True), 0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 6), st.randoms())
def test_the_order_of_searches_and_trials_changes_no_number(seed, trials, sweeps, chance):
    searches = plausible(trials, 3, seed, sweeps)
    shuffled = [replace(one, trials=tuple(chance.sample(one.trials, len(one.trials)))) for one in searches]
    chance.shuffle(shuffled)
    found = {one.method: one for one in finals_of(searches)}
    for other in finals_of(shuffled):
        one = found[other.method]
        assert repr(replace(other, rank=0.0)) == repr(replace(one, rank=0.0))
        assert other.rank == pytest.approx(one.rank, nan_ok=True)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(AXES), st.integers(1, 6))
def test_curves_never_rise_and_end_at_the_median_final(seed, axis, sweeps):
    searches = plausible(3, 4, seed, sweeps)
    finals = {one.method: one for one in finals_of(searches)}
    for curve in incumbent_curves(spending_of(searches, axis), axis):
        assert (np.diff(curve.median[np.isfinite(curve.median)]) <= 0).all()
        assert len(curve.grid) <= 200 and (curve.low <= curve.high).all() | (curve.n < 5)
        if axis == "trials":
            assert curve.median[-1] == finals[curve.method].median.value
