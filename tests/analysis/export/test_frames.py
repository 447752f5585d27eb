"""Data frames: a row for each trial, with all of its configuration, and a row for each logged row."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from export_cases import STARTED, config, four_states, rows, sweep

from analysis.export.columns import column
from analysis.export.frames import steps_table, trials, trials_table
from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Metric, Trial, TrialState


def test_a_row_for_each_trial_in_order():
    frame = trials_table([four_states()])
    assert frame["number"].tolist() == [0, 1, 2, 3]
    assert frame["state"].tolist() == ["finished", "stopped", "failed", "running"]
    assert frame["reason"].fillna("").tolist() == ["", "early stopping", "exit code 1", ""]
    assert frame["score"].fillna(-1).tolist() == [0.75, 0.25, -1, 0.99]
    assert frame["steps"].tolist() == [3, 2, 0, 1]
    assert frame["seconds"].fillna(-1).tolist() == [6, 4, -1, 2]
    assert set(frame["method"]) == {"random"} and set(frame["replicate"]) == {0}


def test_the_configuration_is_complete_constants_and_nested_parameters_too():
    frame = trials_table([four_states()])
    assert frame["optimizer.name"].tolist() == ["adam", "adam", "sgd", "adam"]
    assert frame["optimizer.momentum"].tolist() == [0.9] * 4
    assert frame["epochs"].tolist() == [10] * 4 and frame["epochs"].dtype == "Int64"


def test_start_and_end_come_from_the_log():
    frame = trials_table([four_states()])
    expected = pd.to_datetime([STARTED, STARTED, None, STARTED + 90], unit="s", utc=True)
    assert frame["start"].tolist()[:2] == expected.tolist()[:2] and pd.isna(frame["start"][2])
    assert frame["end"][0] == pd.Timestamp(STARTED + 6, unit="s", tz="UTC")
    assert pd.isna(frame["end"][3])  # it runs


def test_without_a_metric_there_is_no_column_of_an_objective():
    one = replace(four_states(), metric=None)
    frame = trials_table([one])
    assert "score" not in frame and frame["steps"].tolist() == [3, 2, 0, 1]
    assert "score" in steps_table([one])


def test_each_objective_has_a_column_of_its_own():
    other = replace(sweep(name="b", metric=Metric("loss")), trials=four_states().trials)
    frame = trials_table([four_states(), other])
    assert frame["score"].notna().tolist() == [True, True, False, True] + 4 * [False]
    assert frame["loss"].isna().all()


def test_names_that_are_taken_get_a_prefix():
    values = {"state": "warm", "score": 3, "run": 1}
    one = sweep(
        Trial(0, "r0", values, TrialState.FINISHED, ({"score": 1.0, "run": 5},)),
        parameters={"state": {"value": "warm"}, "score": {"min": 1, "max": 5}, "run": {"value": 1}},
    )
    frame = trials_table([one])
    assert frame.loc[0, ["config.state", "config.score", "config.run", "score"]].tolist() == [
        "warm",
        3,
        1,
        1.0,
    ]
    assert steps_table([one])["logged.run"].tolist() == [5]


def test_a_row_for_each_logged_row_with_every_value():
    history = (*rows(0.5), {"_step": 1, "other": [1, 2], "text": "a"})
    one = sweep(Trial(0, "r0", config(), TrialState.FINISHED, history))
    frame = steps_table([one])
    assert frame["_step"].tolist() == [0, 1] and frame["score"].isna().tolist() == [False, True]
    assert frame["other"].tolist()[1] == "[1, 2]" and frame["text"].tolist()[1] == "a"


def test_no_trials_give_an_empty_frame():
    assert trials_table([sweep()]).empty and steps_table([sweep()]).empty
    assert trials_table([sweep()])["start"].dtype == "datetime64[us, UTC]"


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, None, 3], "Int64", [1, None, 3]),
        ([1, 0.5], "float64", [1.0, 0.5]),
        ([True, None], "boolean", [True, None]),
        (["a", None], None, ["a", None]),
        ([1, "a", None, [2]], None, ["1", "a", None, "[2]"]),
        ([2**70], None, [str(2**70)]),
        ([2**60 + 1, 0.5], None, [str(2**60 + 1), "0.5"]),
        ([0.5, "Infinity"], "float64", [0.5, float("inf")]),
        ([True, 1], None, ["true", "1"]),
    ],
)
def test_a_column_keeps_every_value(values, dtype, expected):
    found = column(values)
    assert dtype is None or found.dtype == dtype
    assert [None if pd.isna(value) else value for value in found] == expected


@pytest.mark.parametrize("values", [[None], [1, None], [0.5], ["a", None], [True, 1, "x"], [{"a": 1}]])
def test_every_column_survives_parquet(values, tmp_path):
    frame = pd.DataFrame({"x": column(values)})
    frame.to_parquet(tmp_path / "x.parquet")
    back = pd.read_parquet(tmp_path / "x.parquet")
    assert [None if pd.isna(v) else v for v in back["x"]] == [None if pd.isna(v) else v for v in frame["x"]]


def test_a_source_that_is_none_is_refused(tmp_path):
    with pytest.raises(FashionWbError, match="no such folder"):
        trials(tmp_path / "none")
    with pytest.raises(FashionWbError, match="no offline sweep"):
        trials(tmp_path)
