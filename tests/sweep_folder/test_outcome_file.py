"""The file with a trial's outcome: as it is written, and as older versions wrote it."""

from __future__ import annotations

import json

import pytest

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.sweep_folder.outcome_file import read_outcome, write_outcome
from fashion_wb.trial import Outcome, TrialState, stopped_early

STOP = Stop("loss", rung=3, value=0.5213, threshold=0.4121, compared=9, eta=3)


def test_the_file_of_a_stopped_trial_says_what_was_compared_with_what(tmp_path):
    path = tmp_path / "outcome.json"
    write_outcome(stopped_early(STOP), path)
    assert json.loads(path.read_text()) == {
        "state": "stopped",
        "reason": "early stopping at the 3rd value: loss 0.5213 is worse than 0.4121, "
        "the 4th best of 9 trials",
        "stop": {
            "metric": "loss",
            "rung": 3,
            "value": 0.5213,
            "threshold": 0.4121,
            "compared": 9,
            "eta": 3,
        },
    }
    assert read_outcome(path) == stopped_early(STOP)


@pytest.mark.parametrize("outcome", [Outcome(TrialState.FAILED, "hung"), stopped_early(None)])
def test_other_files_have_no_comparison(tmp_path, outcome):
    path = tmp_path / "outcome.json"
    write_outcome(outcome, path)
    assert "stop" not in json.loads(path.read_text()) and read_outcome(path) == outcome


def test_a_stop_that_an_older_version_wrote_has_no_reason(tmp_path):
    path = tmp_path / "outcome.json"
    write_text('{"state": "stopped", "reason": ""}\n', path)
    assert read_outcome(path) == Outcome(TrialState.STOPPED)


def test_no_file_is_no_outcome_and_a_damaged_one_is_named(tmp_path):
    path = tmp_path / "outcome.json"
    assert read_outcome(path) is None
    for text in ("", "{}", "[]", '{"state": "stopped", "reason": "", "stop": {"rung": 3}}'):
        write_text(text, path)
        with pytest.raises(FashionWbError, match=r"outcome\.json: damaged; delete it"):
            read_outcome(path)
