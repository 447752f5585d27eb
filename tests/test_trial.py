"""The metric: its best value over everything a run logged, and which states are outcomes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fashion_wb.trial import Metric, TrialState

FINITE = st.floats(-1e6, 1e6)


def rows(values):
    return [{"loss": value, "epoch": number} for number, value in enumerate(values, 1)]


@given(st.lists(FINITE, min_size=1))
def test_the_best_is_the_lowest_or_highest_value_logged(values):
    assert Metric("loss").best(rows(values)) == min(values)
    assert Metric("loss", "maximize").best(rows(values)) == max(values)


@given(st.lists(FINITE, min_size=1))
def test_the_best_row_is_the_first_of_ties(values):
    row = Metric("loss").best_row(rows(values))
    assert row is not None and row["epoch"] == values.index(min(values)) + 1


@given(st.lists(FINITE))
def test_values_that_are_not_finite_numbers_are_ignored(values):
    odd = [float("nan"), "NaN", None, True, float("inf"), -float("inf"), {"min": 1.0}]
    assert Metric("loss").best(rows([*odd, *values])) == (min(values) if values else None)
    assert Metric("loss").values(rows([*odd, *values])) == values


def test_a_metric_that_was_never_logged_has_no_best():
    assert Metric("accuracy").best(rows([1.0])) is None
    assert Metric("loss").best_row([]) is None


def test_is_better_is_strict_and_respects_the_goal():
    assert Metric("loss").is_better(1.0, 2.0) and not Metric("loss").is_better(1.0, 1.0)
    assert Metric("loss", "maximize").is_better(2.0, 1.0) and not Metric("loss", "maximize").is_better(
        1.0, 2.0
    )


def test_every_state_but_running_is_an_outcome():
    assert [state for state in TrialState if not state.ended] == [TrialState.RUNNING]
