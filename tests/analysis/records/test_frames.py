"""Data frames of trials and of epochs, as the searches logged them."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise

import pandas as pd
import pytest
from analysis_cases import (
    ACCURACY,
    hand_made,
    history,
    plausible,
    search,
    steps_of,
    subject_for,
    trial,
    trials_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.records.frames import STEP_COLUMNS, incumbent, trial_columns, trials_frame
from analysis.records.subject import subject_of
from analysis.statistics.methods import compare
from fashion_wb.trial import Trial, TrialState


def one(row: Trial) -> pd.Series:
    return trials_of([search(row)]).iloc[0]


def test_the_columns_are_the_documented_ones():
    names = "method,sweep,replicate,run,state,filters,units1,units2,lr,steps,seconds,valid_loss,"
    assert ",".join(trial_columns(subject_for(hand_made()))) == names + "valid_accuracy,minimised"
    assert list(trials_of(hand_made()).columns) == trial_columns(subject_for(hand_made()))
    assert list(steps_of(hand_made()).columns) == list(STEP_COLUMNS)


def test_the_replicate_is_in_every_row():
    searches = plausible(2, 2, sweeps=3)
    assert trials_of(searches)["replicate"].tolist() == [0, 0, 1, 1, 2, 2] * 5
    epochs = steps_of(searches)
    assert (epochs["sweep"] == epochs["method"] + epochs["replicate"].astype(str)).all()


def test_searches_without_trials_give_empty_tables_with_all_columns():
    assert list(trials_of([search()]).columns) == trial_columns(subject_for([search()]))
    assert list(steps_of([search()]).columns) == list(STEP_COLUMNS)
    assert len(incumbent(steps_of([search()]))) == 0


def test_methods_keep_their_order_and_trials_go_by_number():
    two = trial(1, [1.0]), trial(0, [1.0])
    frame = trials_of([search(*two, method=method, sweep=sweep) for method, sweep in ("bx", "ay", "bz")])
    expected = ["bx0", "bx1", "bz0", "bz1", "ay0", "ay1"]
    assert list(frame["method"] + frame["sweep"] + frame["run"].str[1:]) == expected


def test_values_are_those_of_the_best_epoch_and_epochs_are_those_trained():
    row = one(trial(0, [0.5, 0.25, 0.375]))
    assert row["steps"] == 3
    assert row[["valid_loss", "valid_accuracy", "minimised"]].tolist() == [0.25, 0.75, 0.25]


def test_a_maximised_metric_picks_the_step_and_is_negated_to_minimise_it():
    rows = ({"valid_loss": 0.2, "valid_accuracy": 0.8}, {"valid_loss": 0.3, "valid_accuracy": 0.9})
    searches = [search(Trial(0, "r", {}, TrialState.FINISHED, rows), metric=ACCURACY)]
    row = trials_frame(searches, subject_of(searches, ["valid_loss"])).iloc[0]
    assert (row["valid_loss"], row["valid_accuracy"], row["minimised"]) == (0.3, 0.9, -0.9)


def test_a_value_logged_in_a_row_of_its_own_is_taken_from_beside_the_best_step():
    rows = ({"valid_loss": 0.4}, {"valid_accuracy": 0.6}, {"valid_loss": 0.3}, {"valid_accuracy": 0.7})
    assert one(Trial(0, "r", {}, TrialState.FINISHED, rows))["valid_accuracy"] == 0.6
    assert one(Trial(0, "r", {}, TrialState.FINISHED, rows[2:]))["valid_accuracy"] == 0.7


def test_a_failed_trial_shows_what_it_spent_but_no_result():
    row = one(trial(0, [0.5, 0.25], "failed"))
    assert (row["steps"], row["seconds"]) == (2, 5.0)
    assert row[["valid_loss", "valid_accuracy", "minimised"]].isna().all()


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        (history([0.5, 0.4], 2.5), 5.0),
        (history([0.5, 0.4], 0.0), 0.0),
        (history([0.5, 0.4], None), 6.0),
        ((*history([0.5], 2.5), *history([0.4], None)), 3.0),
        (({"_runtime": 4.0}, {"note": "x"}), 4.0),
        (({"valid_loss": 0.5},), math.nan),
        ((), math.nan),
    ],
)
def test_seconds_are_summed_or_the_runtime_or_unknown(rows, seconds):
    assert one(Trial(0, "r", {}, TrialState.FINISHED, rows))["seconds"] == pytest.approx(seconds, nan_ok=True)


@pytest.mark.parametrize("odd", ["12", True, None, math.nan, math.inf, [12]])
def test_hyperparameters_that_are_not_numbers_are_empty(odd):
    row = one(Trial(0, "r", {"filters": odd, "lr": odd}, TrialState.FINISHED))
    assert pd.isna(row["filters"]) and pd.isna(row["lr"])


@pytest.mark.parametrize(
    ("value", "dtype"), [(0, "Int64"), (12.0, "Int64"), (2.5, "float64"), (2**70, "float64")]
)
def test_integer_hyperparameters_stay_integers_and_zero_is_a_value(value, dtype):
    frame = trials_of([search(trial(0, [0.5], filters=value))])
    assert str(frame["filters"].dtype) == dtype
    assert frame["filters"].iloc[0] == value


def test_cumulative_epochs_and_seconds_cover_the_whole_search():
    frame = steps_of([search(trial(1, [0.3], "stopped"), trial(0, [0.5, 0.4]))])
    assert list(frame["number"]) == [0, 0, 1]
    assert list(frame["step"]) == [1, 2, 1]
    assert list(frame["steps_cumulative"]) == [1, 2, 3]
    assert list(frame["seconds_cumulative"]) == [2.5, 5.0, 7.5]


def test_seconds_of_epochs_come_from_the_runtime_where_not_logged():
    frame = steps_of([search(trial(0, [0.5, 0.4], seconds=None), trial(1, [0.3]))])
    assert list(frame["seconds_cumulative"]) == [3.0, 6.0, 8.5]


def test_epochs_of_parallel_trials_interleave_by_timestamp():
    def timed(number: int, stamps: list[float]) -> Trial:
        rows = tuple({"valid_loss": 1 / stamp, "_timestamp": stamp} for stamp in stamps)
        return Trial(number, f"r{number}", {}, TrialState.FINISHED, rows)

    frame = steps_of([search(timed(0, [1.0, 3.0]), timed(1, [2.0, 4.0]))])
    assert list(frame["number"]) == [0, 1, 0, 1]


def test_failed_and_running_trials_spend_epochs_without_lowering_the_incumbent():
    first, second = trial(0, [0.1], "failed"), trial(1, [0.5, 0.6])
    third, fourth = trial(2, [0.2], "running"), trial(3, [0.4], "stopped")
    curve = incumbent(steps_of([search(first, second, third, fourth)]))
    assert curve.isna().tolist() == [True, False, False, False, False]
    assert curve.dropna().tolist() == [0.5, 0.5, 0.5, 0.4]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_the_incumbent_never_rises_and_ends_at_the_best(seed, trials, epochs):
    searches = plausible(trials, epochs, seed)
    frame = steps_of(searches)
    curves = frame.assign(incumbent=incumbent(frame)).groupby("method", sort=False)["incumbent"]
    best = compare(trials_of(searches), subject_for(searches)).set_index("method")["valid_loss"]
    for method, curve in curves:
        known = curve.dropna().tolist()
        assert all(later <= earlier for earlier, later in pairwise(known))
        assert (known[-1] if known else None) == (None if pd.isna(best[method]) else best[method])


@pytest.mark.processes
def test_tables_do_not_import_matplotlib():
    code = "import sys, analysis.outputs; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
