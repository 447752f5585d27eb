"""`fashion-wb export` on sweeps that ran for real, read back by Optuna and pandas."""

from __future__ import annotations

import optuna
import pandas as pd
import pytest
from click.testing import CliRunner
from standin_cases import PROJECT, add_run, add_sweep
from standin_client import run_client
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import place, run, trials

from analysis.export import write
from analysis.export.frames import steps as steps_of
from analysis.export.frames import trials as trials_of
from fashion_wb.commands.export import export

PROGRAM = """
import time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    if run.config.kind == "bad":
        raise ValueError("bad kind")
    for step in range(4):
        run.log({"score": run.config.x - 1 / (step + 1), "unit": run.config.net["units"]})
        time.sleep(0.5 if step < 2 else 0)  # long enough to be stopped
"""
SWEEP = """
program: prog.py
method: random
name: bayes-r3
metric: {name: score, goal: maximize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2, strict: true}
parameters:
  x: {min: 0.0, max: 1.0}
  kind: {values: [good, fair, bad]}
  net: {parameters: {units: {values: [64, 128]}}}
  epochs: {value: 4}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A sweep of ten trials, some of which fail, and one without a metric."""
    folder = tmp_path_factory.mktemp("export")
    place(folder, SWEEP, PROGRAM)
    done = run(folder, "sweep", "sweep.yaml", "--count", "10", "--workers", "1", "--dir", "runs")
    assert done.returncode == 0, done.stderr
    plain = SWEEP.replace("metric: {name: score, goal: maximize}\n", "").replace("bayes-r3", "plain")
    plain = "\n".join(line for line in plain.splitlines() if "early_terminate" not in line)
    (folder / "plain.yaml").write_text(plain)
    done = run(folder, "sweep", "plain.yaml", "--count", "2", "--workers", "1", "--dir", "plain")
    assert done.returncode == 0, done.stderr
    return folder


def exported(folder, *arguments):
    done = run(folder, "export", *arguments)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.processes
def test_optuna_reads_what_the_sweep_did(folder):
    done = exported(folder, "runs", "--optuna", "study.db")
    assert done.stdout == "Written:\nstudy.db: 10 trials in 1 study\n"
    study = optuna.load_study(study_name="bayes-r3", storage=f"sqlite:///{folder / 'study.db'}")
    own = trials(folder / "runs")
    assert {str(trial.state) for trial in own} == {"finished", "stopped", "failed"}
    states = {"finished": "COMPLETE", "stopped": "PRUNED", "failed": "FAIL"}
    assert [trial.state.name for trial in study.trials] == [states[str(trial.state)] for trial in own]
    best = max(row["score"] for trial in own if trial.state == "finished" for row in trial.history)
    assert study.best_value == best and study.metric_names == ["score"]
    for ours, theirs in zip(own, study.trials, strict=True):
        assert theirs.params == {
            **{"x": ours.config["x"], "kind": ours.config["kind"]},
            "net.units": ours.config["net"]["units"],
        }
        assert list(theirs.intermediate_values.values()) == [row["score"] for row in ours.history]
        assert theirs.user_attrs["run"] == ours.run_id and theirs.user_attrs["epochs"] == 4
        assert theirs.user_attrs.get("reason", "") == ours.reason
        assert theirs.datetime_start <= theirs.datetime_complete
    assert set(optuna.importance.get_param_importances(study)) <= {"x", "kind", "net.units"}


@pytest.mark.processes
def test_tables_in_one_command_are_the_frames(folder):
    names = ["--parquet", "t/trials.parquet", "--csv", "t/trials.csv", "--steps", "t/steps.parquet"]
    done = exported(folder, "runs", *names)
    assert done.stdout.startswith("Written:\nt/trials.parquet: 10 trials, ")
    frame = pd.read_parquet(folder / "t" / "trials.parquet")
    pd.testing.assert_frame_equal(frame, trials_of(folder / "runs"), check_dtype=False)
    assert set(frame["method"]) == {"bayes"} and set(frame["replicate"]) == {3}
    read = pd.read_csv(folder / "t" / "trials.csv", float_precision="round_trip")
    assert read["score"].equals(frame["score"]) and list(read.columns) == list(frame.columns)
    logged = pd.read_parquet(folder / "t" / "steps.parquet")
    pd.testing.assert_frame_equal(logged, steps_of(folder / "runs"), check_dtype=False)
    assert len(logged) == sum(len(trial.history) for trial in trials(folder / "runs"))


@pytest.mark.processes
def test_a_sweep_without_a_metric(folder):
    done = exported(folder, "plain", "--csv", "plain.csv")
    assert "score" not in pd.read_csv(folder / "plain.csv").columns
    refused = run(folder, "export", "plain", "--optuna", "plain.log")
    assert refused.returncode == 1 and "no sweep here has a metric" in refused.stderr
    assert done.stderr == "" and not (folder / "plain.log").exists()


@pytest.mark.processes
def test_a_project_on_the_server(tmp_path):
    with Server() as server:
        sweep = add_sweep(server.state, "random")
        add_run(server.state, sweep, "a", [0.9, 0.5])
        add_run(server.state, sweep, "b", [0.7], outcome="failed", exit_code=1)
        add_run(server.state, None, "alone", [0.1])
        source = f"{ENTITY}/{PROJECT}"
        done = run_client(server.url, tmp_path, "export", source, "--optuna", "s.log", "--csv", "s.csv")
        assert done.returncode == 0, done.stderr
        assert "Left out (in no sweep): 1 run." in done.stderr
        empty = run_client(server.url, tmp_path, "export", f"{ENTITY}/none", "--csv", "none.csv")
        assert empty.returncode == 1 and "Traceback" not in empty.stderr
    assert pd.read_csv(tmp_path / "s.csv")["state"].tolist() == ["finished", "failed"]
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "s.log"))
    study = optuna.load_study(study_name=None, storage=optuna.storages.JournalStorage(backend))
    assert study.best_value == 0.5 and study.best_params == {"filters": 8, "lr": 1e-3}


@pytest.mark.processes
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to write: give --optuna, --parquet, --csv or --steps"),
        (["--optuna", "study.txt"], "--optuna study.txt: must end in .db or .sqlite3"),
        (["--optuna", "mysql://host/db"], "--optuna mysql://host/db: must end in"),
        (["--parquet", "t.csv"], "--parquet t.csv: must end in .parquet"),
        (["--csv", "t"], "--csv t: must end in .csv"),
        (["--steps", "t.txt"], "--steps t.txt: must end in .parquet or .csv"),
        (["--csv", "t.csv", "--steps", "./t.csv"], "t.csv: is given twice"),
        (["--csv", "taken.csv"], "taken.csv: exists already, and an export never overwrites"),
        (["--optuna", "sqlite:///taken.db"], "taken.db: exists already"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is(folder, arguments, message):
    for name in ("taken.csv", "taken.db"):
        (folder / name).write_text("mine")
    before = sorted(path.name for path in folder.iterdir())
    done = run(folder, "export", "runs", *arguments)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before
    assert (folder / "taken.csv").read_text() == (folder / "taken.db").read_text() == "mine"


def test_without_pyarrow_the_message_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(write, "find_spec", lambda name: None)
    done = CliRunner().invoke(export, [str(tmp_path), "--parquet", str(tmp_path / "t.parquet")])
    assert "pip install 'fashion-wb[export]'" in str(done.exception)
    done = CliRunner().invoke(export, [str(tmp_path), "--csv", str(tmp_path / "t.csv")])
    assert "no offline sweep" in str(done.exception)
