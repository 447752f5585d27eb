"""Data frames of trials and of epochs, as the searches logged them."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise

import pandas as pd
import pytest
from analysis_cases import ACCURACY, LOSS, hand_made, history, plausible, search, trial
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.records.frames import EPOCH_COLUMNS, TRIAL_COLUMNS, epochs_frame, incumbent, trials_frame
from analysis.statistics.methods import compare
from fashion_wb.trial import Trial, TrialState


def one(row: Trial, metric=LOSS) -> pd.Series:
    return trials_frame([search(row, metric=metric)]).iloc[0]


def test_the_columns_are_the_documented_ones():
    names = "method,sweep,replicate,run,state,filters,units1,units2,lr,epochs,seconds,valid_loss,train_loss,"
    assert ",".join(TRIAL_COLUMNS) == names + "valid_accuracy"
    assert list(trials_frame(hand_made()).columns) == list(TRIAL_COLUMNS)
    assert list(epochs_frame(hand_made()).columns) == list(EPOCH_COLUMNS)


def test_the_replicate_is_in_every_row():
    searches = plausible(2, 2, sweeps=3)
    assert trials_frame(searches)["replicate"].tolist() == [0, 0, 1, 1, 2, 2] * 5
    epochs = epochs_frame(searches)
    assert (epochs["sweep"] == epochs["method"] + epochs["replicate"].astype(str)).all()


def test_no_searches_give_empty_tables_with_all_columns():
    assert list(trials_frame([]).columns) == list(TRIAL_COLUMNS)
    assert list(epochs_frame([]).columns) == list(EPOCH_COLUMNS)
    assert len(incumbent(epochs_frame([]))) == 0


def test_methods_keep_their_order_and_trials_go_by_number():
    two = trial(1, [1.0]), trial(0, [1.0])
    frame = trials_frame([search(*two, method=method, sweep=sweep) for method, sweep in ("bx", "ay", "bz")])
    expected = ["bx0", "bx1", "bz0", "bz1", "ay0", "ay1"]
    assert list(frame["method"] + frame["sweep"] + frame["run"].str[1:]) == expected


def test_values_are_those_of_the_best_epoch_and_epochs_are_those_trained():
    row = one(trial(0, [0.5, 0.25, 0.375]))
    assert row["epochs"] == 3
    assert row[["valid_loss", "train_loss", "valid_accuracy"]].tolist() == [0.25, 0.225, 0.75]


def test_a_maximised_metric_picks_the_epoch():
    rows = ({"valid_loss": 0.2, "valid_accuracy": 0.8}, {"valid_loss": 0.3, "valid_accuracy": 0.9})
    row = one(Trial(0, "r", {}, TrialState.FINISHED, rows), ACCURACY)
    assert (row["valid_loss"], row["valid_accuracy"]) == (0.3, 0.9)


def test_a_failed_trial_shows_what_it_spent_but_no_result():
    row = one(trial(0, [0.5, 0.25], "failed"))
    assert (row["epochs"], row["seconds"]) == (2, 5.0)
    assert row[["valid_loss", "train_loss", "valid_accuracy"]].isna().all()


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
    frame = trials_frame([search(trial(0, [0.5], filters=value))])
    assert str(frame["filters"].dtype) == dtype
    assert frame["filters"].iloc[0] == value


def test_cumulative_epochs_and_seconds_cover_the_whole_search():
    frame = epochs_frame([search(trial(1, [0.3], "stopped"), trial(0, [0.5, 0.4]))])
    assert list(frame["number"]) == [0, 0, 1]
    assert list(frame["epoch"]) == [1, 2, 1]
    assert list(frame["epochs_cumulative"]) == [1, 2, 3]
    assert list(frame["seconds_cumulative"]) == [2.5, 5.0, 7.5]


def test_seconds_of_epochs_come_from_the_runtime_where_not_logged():
    frame = epochs_frame([search(trial(0, [0.5, 0.4], seconds=None), trial(1, [0.3]))])
    assert list(frame["seconds_cumulative"]) == [3.0, 6.0, 8.5]


def test_epochs_of_parallel_trials_interleave_by_timestamp():
    def timed(number: int, stamps: list[float]) -> Trial:
        rows = tuple({"valid_loss": 1 / stamp, "_timestamp": stamp} for stamp in stamps)
        return Trial(number, f"r{number}", {}, TrialState.FINISHED, rows)

    frame = epochs_frame([search(timed(0, [1.0, 3.0]), timed(1, [2.0, 4.0]))])
    assert list(frame["number"]) == [0, 1, 0, 1]


def test_failed_and_running_trials_spend_epochs_without_lowering_the_incumbent():
    first, second = trial(0, [0.1], "failed"), trial(1, [0.5, 0.6])
    third, fourth = trial(2, [0.2], "running"), trial(3, [0.4], "stopped")
    curve = incumbent(epochs_frame([search(first, second, third, fourth)]))
    assert curve.isna().tolist() == [True, False, False, False, False]
    assert curve.dropna().tolist() == [0.5, 0.5, 0.5, 0.4]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_the_incumbent_never_rises_and_ends_at_the_best(seed, trials, epochs):
    searches = plausible(trials, epochs, seed)
    frame = epochs_frame(searches)
    curves = frame.assign(incumbent=incumbent(frame)).groupby("method", sort=False)["incumbent"]
    best = compare(trials_frame(searches)).set_index("method")["valid_loss"]
    for method, curve in curves:
        known = curve.dropna().tolist()
        assert all(later <= earlier for earlier, later in pairwise(known))
        assert (known[-1] if known else None) == (None if pd.isna(best[method]) else best[method])


@pytest.mark.processes
def test_tables_do_not_import_matplotlib():
    code = "import sys, analysis.outputs; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
