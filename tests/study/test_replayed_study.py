"""`fashion-wb study --replay`: a whole study in seconds, as the table's trainings would have it."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sweep_cases import COMMAND, ROOT, environment, run

from fashion_wb.replay.table import read_table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.sweep_folder.opening import find_sweep_dirs, read_sweep_dir
from fashion_wb.trial import TrialState

pytestmark = pytest.mark.processes

STUDY = ["study", "--replay", "--methods", "random,hyperband,optuna", "--replicates", "3", "--trials", "8"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replay")
    done = run(folder, *STUDY, "--out", "out", "--write-runs")
    assert done.returncode == 0, done.stderr
    return folder, done


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_reports_every_trial_and_says_that_nothing_was_trained(study):
    folder, done = study
    table = read_table()
    assert f"a table of {table.dead.size:,} real trainings answered every trial" in done.stdout.replace(
        "\n", " "
    )
    trials = rows(folder / "out" / "trials.csv")
    assert len(trials) == 3 * 3 * 8
    assert {row["state"] for row in trials if row["method"] != "hyperband"} == {"finished"}
    assert any(row["state"] == "stopped" for row in trials)
    assert json.loads((folder / "out" / "conditions.json").read_text())["extras"] == {
        "trainings replayed": table.dead.size
    }


def test_a_trial_is_what_the_table_answers_for_the_seed_of_its_replicate(study):
    folder, _ = study
    table = read_table()
    for sweep in find_sweep_dirs(folder / "out"):
        for trial in sweep.read_trials():
            answer = ReplayedTraining(table, trial.config["seed"]).rows(trial.config)
            logged = [row["valid_loss"] for row in trial.history]
            assert logged == pytest.approx([row["valid_loss"] for row in answer][: len(logged)])
            assert (len(logged) < len(answer)) == (trial.state is TrialState.STOPPED)
            assert trial.seconds == pytest.approx(answer[len(logged) - 1]["_runtime"])


def test_winners_are_measured_with_every_seed_of_the_table(study):
    folder, _ = study
    table = read_table()
    best = {}
    for row in rows(folder / "out" / "trials.csv"):
        key, loss = (row["method"], int(row["replicate"])), float(row["valid_loss"])
        if key not in best or loss < best[key][0]:
            best[key] = loss, int(row["filters"]), float(row["lr"])
    means = {}
    for (method, _), (_, filters, lr) in best.items():
        means.setdefault(method, []).append(ReplayedTraining(table, 0).true_loss(filters, lr))
    for row in rows(folder / "out" / "winners.csv"):
        if row["value"] == "valid_loss":
            own = means[row["method"]]
            assert float(row["mean"]) == pytest.approx(sum(own) / len(own), rel=1e-6)


def test_the_same_command_gives_the_same_and_the_runs_stay(study):
    folder, _ = study
    before = {path: path.stat().st_mtime_ns for path in folder.glob("out/sweeps/*/wandb/*/run-*.wandb")}
    assert len(before) == 72
    trials = (folder / "out" / "trials.csv").read_text()
    # Cut short: a run that was not written, and one that was proposed only.
    lost = sorted(before)[5]
    shutil.rmtree(lost.parent)
    again = run(folder, *STUDY, "--out", "out", "--write-runs", "--workers", "1")
    assert again.returncode == 0, again.stderr
    assert (folder / "out" / "trials.csv").read_text() == trials
    after = {path: path.stat().st_mtime_ns for path in folder.glob("out/sweeps/*/wandb/*/run-*.wandb")}
    assert {path: time for path, time in after.items() if path in before and path != lost} == {
        path: time for path, time in before.items() if path != lost
    }
    assert len(after) == 72


def test_written_runs_are_read_by_wandb_and_compared_as_those_that_trained(study, tmp_path):
    folder, _ = study
    log = next(folder.glob("out/sweeps/optuna-r1/wandb/offline-run-*-0003/run-*.wandb"))
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(log.parent)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    records = [json.loads(line) for line in text.splitlines()]
    history = [record["history"]["item"] for record in records if record["type"] == "history"]
    trial = read_sweep_dir(log.parents[2]).read_trials()[3]
    assert [item["valid_loss"] for item in history] == [row["valid_loss"] for row in trial.history]
    done = run(folder, "compare", "out/sweeps", "--out", str(tmp_path / "compared"))
    assert done.returncode == 0, done.stderr
    pairs = [rows(folder / "out" / "trials.csv"), rows(tmp_path / "compared" / "trials.csv")]
    assert [row["valid_loss"] for row in pairs[0]] == [row["valid_loss"] for row in pairs[1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gpus", "all"], "--gpus: cannot be used with --replay"),
        (["--patience", "60"], "--patience: cannot be used with --replay"),
        (["--data-dir", "."], "--data-dir: cannot be used with --replay"),
        (["--executor", "dask"], "--executor: cannot be used with --replay"),
        (["--retrain-seeds", "2"], "--retrain-seeds: cannot be used with --replay"),
        (["--epochs", "11"], "epochs: the table has 1 to 10; got 11"),
    ],
)
def test_what_a_replay_cannot_follow_is_refused(arguments, message, tmp_path):
    done = run(tmp_path, *STUDY, "--out", "out", *arguments)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_runs_are_written_by_a_replay_only(tmp_path):
    done = run(tmp_path, "study", "--write-runs", "--out", "out")
    assert done.returncode == 1 and "--write-runs goes with --replay" in done.stderr


def test_a_file_of_another_space_is_refused_and_one_of_its_own_is_searched(tmp_path):
    text = (ROOT / "sweeps" / "bayes.yaml").read_text()
    (tmp_path / "wide.yaml").write_text(text.replace("units1: {value: 128}", "units1: {values: [64, 128]}"))
    (tmp_path / "narrow.yaml").write_text(text.replace("min: 2, max: 15", "min: 4, max: 9"))
    (tmp_path / "train.py").write_text((ROOT / "train.py").read_text())
    refused = run(tmp_path, "study", "wide.yaml", "--replay", "--methods", "random", "--out", "wide")
    assert refused.returncode == 1 and "units1: the table's trainings have 128; got 64" in refused.stderr
    done = run(tmp_path, "study", "narrow.yaml", "--replay", "--methods", "random", "--out", "narrow")
    assert done.returncode == 0, done.stderr
    found = {int(row["filters"]) for row in rows(tmp_path / "narrow" / "trials.csv")}
    assert found == set(range(4, 10))


def test_a_folder_with_a_study_that_trained_is_left_alone(tmp_path, data_dir):
    small = ["study", "--methods", "random", "--trials", "1", "--epochs", "1", "--retrain-seeds", "0"]
    done = run(tmp_path, *small, "--out", "out", FASHION_WB_LIMIT="500")
    assert done.returncode == 0, done.stderr
    before = (tmp_path / "out" / "trials.csv").read_text()
    refused = run(
        tmp_path, "study", "--replay", "--methods", "random", "--trials", "1", "--epochs", "1", "--out", "out"
    )
    assert refused.returncode == 1 and "holds a study with training images 500" in refused.stderr
    assert (tmp_path / "out" / "trials.csv").read_text() == before


def test_replicates_on_several_machines_are_those_of_one_study(study, tmp_path):
    folder, _ = study
    done = run(
        tmp_path, *STUDY[:4], "--replicates", "2", "--first-replicate", "1", "--trials", "8", "--out", "out"
    )
    assert done.returncode == 0, done.stderr
    whole = [row for row in rows(folder / "out" / "trials.csv") if row["replicate"] != "0"]
    key = ("method", "replicate", "filters", "lr", "valid_loss")
    part = [[row[name] for name in key] for row in rows(tmp_path / "out" / "trials.csv")]
    assert part == [[row[name] for name in key] for row in whole]


def session_processes(session):
    """The processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found


def test_nothing_outlives_a_replay_that_is_killed(tmp_path):
    command = [*COMMAND, "study", "--replay", "--methods", "bayes", "--replicates", "200", "--out", "out"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), start_new_session=True, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 60
        while len(session_processes(process.pid)) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.kill()
        process.wait()
    deadline = time.monotonic() + 30
    while session_processes(process.pid):
        assert time.monotonic() < deadline, session_processes(process.pid)
        time.sleep(0.1)
