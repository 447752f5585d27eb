"""A study that an older version started can be continued: it resumes, retrains and compares.

`data/interrupted.tar.xz` was written by commit 29378e6, before the code was split into packages, with

    FASHION_WB_LIMIT=600 fashion-wb study --methods random,hyperband,optuna --trials 3 --epochs 3
        --retrain-seeds 1 --audit 1 --workers 1

and Ctrl-C after five of its nine trials. `data/finished_trials.csv` is what the same commit
made of a copy.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pandas as pd
import pytest
from sweep_cases import run

pytestmark = [pytest.mark.processes, pytest.mark.long]

DATA = Path(__file__).parent / "data"
OPTIONS = "--trials 3 --epochs 3 --retrain-seeds 1 --audit 1 --workers 1"
COMMAND = f"study --methods random,hyperband,optuna {OPTIONS}"


@pytest.fixture(scope="module")
def resumed(tmp_path_factory, data_dir):
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(DATA / "interrupted.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    done = run(folder, *COMMAND.split(), "--out", "begun", timeout=300, FASHION_WB_LIMIT="600")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_it_resumes_where_it_stopped(resumed):
    _, done = resumed
    ended = [line for line in done.stderr.splitlines() if line.startswith("[") and "/9]" in line]
    assert [line.split("]")[0] for line in ended] == ["[6/9", "[7/9", "[8/9", "[9/9"]


def test_it_has_the_same_trials_as_in_the_older_version(resumed):
    folder, _ = resumed
    found = pd.read_csv(folder / "begun" / "trials.csv").drop(columns="seconds")
    older = pd.read_csv(DATA / "finished_trials.csv").rename(columns={"epochs": "steps"})
    # The older version's table had constants and the training loss too.
    expected = older.drop(columns=["units1", "units2", "train_loss"])
    # Losses agree to 1e-6 only, because another processor may sum in another order.
    pd.testing.assert_frame_equal(found, expected, rtol=1e-6)


def test_every_winner_is_retrained_and_the_stopped_trial_is_audited(resumed):
    folder, _ = resumed
    sweeps = folder / "begun" / "sweeps"
    assert len(list(sweeps.glob("*/retrain/wandb/offline-run-*/*.wandb"))) == 3
    assert len(list(sweeps.glob("hyperband-r0/audit/wandb/offline-run-*/*.wandb"))) == 1


def test_it_can_be_compared(resumed):
    folder, _ = resumed
    done = run(folder, "compare", "begun", "--out", "compared")
    assert done.returncode == 0, done.stderr
    before, after = (pd.read_csv(folder / name / "trials.csv") for name in ("begun", "compared"))
    pd.testing.assert_frame_equal(before, after)
