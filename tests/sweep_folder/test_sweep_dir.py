"""The folder of a sweep: its trials, their outcomes, and when it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.runlog.reader import RunLog
from fashion_wb.sweep_folder.opening import find_sweep_dirs, open_sweep_dir, read_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import state_from_log
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Metric, Outcome, TrialState

SWEEP = make_sweep({"method": "random", "metric": {"name": "loss"}, "parameters": {"x": {"value": 0}}}, "s")

# Characters that are difficult in YAML and JSON: quotes, line breaks, colons, a byte-order mark, not Latin.
TEXT = st.text("a0 \n\t:#'\"-~{[\ufeffé漢\U0001f600")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def log(exit_code, losses=(1.0,), failure=None):
    found = RunLog(Path("x"), history=[{"loss": v} for v in losses], exit_code=exit_code)
    found.summary.update({} if failure is None else {"failure": failure})
    return found


@pytest.mark.parametrize(
    ("record", "state", "reason"),
    [
        (None, TrialState.RUNNING, ""),
        (log(None), TrialState.RUNNING, ""),
        (log(255), TrialState.RUNNING, ""),
        (log(0), TrialState.FINISHED, ""),
        (log(0, [float("nan"), 2.0]), TrialState.FINISHED, ""),
        (log(0, []), TrialState.FAILED, "finished without a finite value of loss"),
        (log(0, [float("nan")]), TrialState.FAILED, "finished without a finite value of loss"),
        (log(1), TrialState.FAILED, "ended with exit code 1"),
        (log(1, failure="the loss is not finite"), TrialState.FAILED, "the loss is not finite"),
    ],
)
def test_a_log_alone_tells_these_states(record, state, reason):
    assert state_from_log(record, Metric("loss")) == Outcome(state, reason)


def test_without_a_metric_a_run_that_logged_nothing_is_finished():
    assert state_from_log(log(0, []), None) == Outcome(TrialState.FINISHED)


@given(config=st.dictionaries(st.text("abz_09é", min_size=1), VALUES, max_size=5))
def test_a_configuration_is_read_back_unchanged(tmp_path_factory, config):
    folder = open_sweep_dir(tmp_path_factory.mktemp("sweep"), SWEEP, seed=0)
    config.pop("wandb_version", None)
    run_id = folder.propose(0, config)
    (trial,) = folder.read_trials()
    assert (trial.number, trial.run_id, trial.config, trial.state) == (0, run_id, config, TrialState.RUNNING)


def test_a_recorded_outcome_is_read_back(tmp_path):
    folder = open_sweep_dir(tmp_path, SWEEP, seed=0)
    for number, state in enumerate((TrialState.STOPPED, TrialState.FAILED, TrialState.FINISHED)):
        folder.record_outcome(folder.propose(number, {"x": 0}), state, f"because {number}")
    trials = read_sweep_dir(tmp_path).read_trials()
    assert [(str(t.state), t.reason) for t in trials] == [
        ("stopped", "because 0"),
        ("failed", "because 1"),
        ("finished", "because 2"),
    ]


def test_a_stopped_trial_keeps_what_was_compared(tmp_path):
    folder = open_sweep_dir(tmp_path, SWEEP, seed=0)
    stop = Stop("loss", rung=1, value=0.5, threshold=0.25, compared=3, eta=2)
    folder.record_outcome(folder.propose(0, {"x": 0}), TrialState.STOPPED, stop.sentence, stop)
    folder.record_outcome(folder.propose(1, {"x": 1}), TrialState.FAILED, "ended with exit code 1")
    first, second = folder.read_trials()
    assert (first.state, first.reason, first.stop) == (TrialState.STOPPED, stop.sentence, stop)
    assert second.stop is None


def test_a_folder_can_change_its_sweep_only_while_it_has_no_trials(tmp_path):
    first = open_sweep_dir(tmp_path, SWEEP, seed=0)
    second = open_sweep_dir(tmp_path, SWEEP, seed=1)
    assert (second.seed, first.proposals.exists()) == (1, False)
    second.propose(0, {"x": 0})
    with pytest.raises(FashionWbError, match="seed was 1, is now 0"):
        open_sweep_dir(tmp_path, SWEEP, seed=0)
    assert open_sweep_dir(tmp_path, SWEEP, seed=1) == second


def test_trials_stay_in_order_when_numbers_outgrow_four_digits(tmp_path):
    folder = open_sweep_dir(tmp_path, SWEEP, seed=0)
    for number in (9_999, 10_000, 2):
        folder.propose(number, {"x": number})
    assert [trial.number for trial in folder.read_trials()] == [2, 9_999, 10_000]


def test_messages_name_missing_and_damaged_files(tmp_path):
    with pytest.raises(FashionWbError, match="no such folder"):
        find_sweep_dirs(tmp_path / "absent")
    with pytest.raises(FashionWbError, match="no offline sweep at or below"):
        find_sweep_dirs(tmp_path)
    folder = open_sweep_dir(tmp_path / "s", SWEEP, seed=0)
    run_id = folder.propose(0, {"x": 0})
    folder.config_file(run_id).write_text("x: [")
    with pytest.raises(FashionWbError, match=f"config-{run_id}.yaml: damaged; delete it"):
        folder.read_trials()
    (folder.root / "sweep.json").write_text("{}")
    with pytest.raises(FashionWbError, match=r"sweep\.json: damaged"):
        find_sweep_dirs(tmp_path)


def test_a_run_folder_that_got_no_log_is_set_aside_too(tmp_path):
    folder = open_sweep_dir(tmp_path, SWEEP, seed=0)
    run_id = folder.propose(0, {"x": 1})
    empty = tmp_path / "wandb" / f"offline-run-20260101_000000-{run_id}"
    other = empty.with_name(empty.name[:-1] + "1")
    for path in (empty, other):
        path.mkdir()
    folder.set_aside(run_id)
    assert not empty.exists() and other.exists()
    assert [path.name for path in (tmp_path / "wandb" / "interrupted").iterdir()] == [empty.name]
