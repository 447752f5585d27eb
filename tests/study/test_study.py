"""A study end to end: five searches with real training, and a comparison checked independently."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import defaultdict

import pytest
from sweep_cases import run

from fashion_wb.study.plan import METHODS

pytestmark = pytest.mark.processes

STUDY = ["study", "--trials", "2", "--epochs", "1", "--retrain-seeds", "0", "--out", "out"]


@pytest.fixture(scope="module")
def study(tmp_path_factory, data_dir):
    folder = tmp_path_factory.mktemp("study")
    done = run(folder, *STUDY, FASHION_WB_LIMIT="500")
    assert done.returncode == 0, done.stderr
    return folder, done


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def inspected(folder):
    """Yield each run's method and records, as W&B's own inspector reads them."""
    for log in sorted(folder.glob("out/sweeps/*/wandb/offline-run-*/run-*.wandb")):
        command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log.parent)]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        yield log.parents[2].name.removesuffix("-r0"), [json.loads(line) for line in text.splitlines()]


def test_the_comparison_agrees_with_the_logs_read_by_wandb(study):
    folder, _ = study
    best, runs, epochs = {}, defaultdict(int), defaultdict(int)
    for method, records in inspected(folder):
        history = [record["history"]["item"] for record in records if record["type"] == "history"]
        runs[method] += 1
        epochs[method] += len(history)
        row = min(history, key=lambda item: item["valid_loss"])
        if method not in best or row["valid_loss"] < best[method]["valid_loss"]:
            best[method] = row
        assert [record["exit"].get("exit_code", 0) for record in records if record["type"] == "exit"] == [0]
    assert sum(runs.values()) == 10
    comparison = rows(folder / "out" / "comparison.csv")
    assert [row["method"] for row in comparison] == list(METHODS)
    for row in comparison:
        method = row["method"]
        assert (int(row["trials"]), int(row["steps"])) == (runs[method], epochs[method])
        assert float(row["valid_loss"]) == pytest.approx(best[method]["valid_loss"], rel=1e-12)
        assert float(row["valid_accuracy"]) == pytest.approx(best[method]["valid_accuracy"], rel=1e-12)


def test_the_files_have_the_documented_headers_and_every_trial(study):
    folder, done = study
    trials = rows(folder / "out" / "trials.csv")
    assert list(trials[0]) == (
        "method,sweep,replicate,run,state,filters,lr,steps,seconds,valid_loss,valid_accuracy"
    ).split(",")
    assert len(trials) == 10 and all(row["steps"] == "1" for row in trials)
    assert {row["state"] for row in trials if row["method"] != "hyperband"} == {"finished"}
    # Its rung is at the only epoch: the trial may end by itself before it is told to stop.
    assert {row["state"] for row in trials if row["method"] == "hyperband"} <= {"finished", "stopped"}
    assert list(rows(folder / "out" / "comparison.csv")[0]) == (
        "method,trials,stopped,failed,steps,seconds,filters,lr,valid_loss,valid_accuracy"
    ).split(",")
    for name in ("comparison.md", "incumbent.png", "parameters.png", "seconds.png"):
        assert (folder / "out" / name).stat().st_size > 0
    assert "cannot show which method is better" in done.stdout
    assert "[10/10]" in done.stderr


def test_the_same_command_again_changes_nothing(study):
    folder, _ = study
    before = (folder / "out" / "trials.csv").read_bytes()
    done = run(folder, *STUDY, FASHION_WB_LIMIT="500")
    assert done.returncode == 0, done.stderr
    assert "Every trial has already ended." in done.stderr
    assert (folder / "out" / "trials.csv").read_bytes() == before


def test_compare_makes_the_same_tables_from_the_same_runs(study):
    folder, _ = study
    done = run(folder, "compare", "out/sweeps/random-r0", "out", "--out", "both")
    assert done.returncode == 1 and "given twice" in done.stderr
    done = run(folder, "compare", "out", "--out", "again")
    assert done.returncode == 0, done.stderr
    for name in ("trials.csv", "comparison.csv", "comparison.md"):
        assert (folder / "again" / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_a_study_cannot_continue_with_another_budget(study):
    folder, _ = study
    done = run(folder, "study", "--trials", "3", "--epochs", "1", "--out", "out")
    assert done.returncode == 1 and "holds a study with a budget of 2 trials, not 3 trials" in done.stderr
    done = run(folder, *STUDY)
    assert done.returncode == 1 and "training images 500, not training images 50000" in done.stderr


def test_a_study_from_a_version_without_replicates_is_refused(tmp_path):
    old = tmp_path / "out" / "sweeps" / "random"
    old.mkdir(parents=True)
    (old / "sweep.json").write_text("{}")
    done = run(tmp_path, *STUDY)
    assert done.returncode == 1 and "from an older version, without replicates" in done.stderr
    assert "give another --out" in done.stderr and "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sweeps"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trials", "2", "--budget-steps", "20"], "a number of trials, of steps or of seconds"),
        (["--epochs", "5", "--budget-steps", "4"], "too small for one trial of 5"),
        (["--methods", "hyperland"], "choose from bayes, "),
    ],
)
def test_bad_options_are_refused_before_anything_starts(tmp_path, arguments, message):
    done = run(tmp_path, "study", *arguments, "--out", "out")
    assert done.returncode == 1 and message in done.stderr
    assert not (tmp_path / "out").exists()
