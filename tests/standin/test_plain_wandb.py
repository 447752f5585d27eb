"""The sweep files work with the unmodified `wandb sweep`, `wandb agent` and `wandb sweep-scheduler`.

Tested against a stand-in for W&B's server on this machine; the client is not patched.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from standin_client import client_environment, run_client
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import ROOT

from analysis.outputs import write_comparison
from analysis.records.search import SearchRecord
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.study.plan import METHODS
from fashion_wb.trial import Metric, Trial, TrialState

pytestmark = [pytest.mark.processes, pytest.mark.long]

RUNS = 3
EPOCHS = 2
WANDB = [sys.executable, "-m", "wandb"]
KEYS = {"epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds", "samples_per_second"}
STATES = {0: TrialState.FINISHED, 255: TrialState.STOPPED}


def small_sweep(home: Path, method: str) -> dict:
    """Write the method's sweep file with a smaller budget, beside links to the files it names; return it."""
    for name in ("train.py", "fashion_wb"):
        (home / name).symlink_to(ROOT / name)
    config = yaml.safe_load((ROOT / "sweeps" / f"{method}.yaml").read_text())
    config["run_cap"] = RUNS
    config["parameters"]["epochs"] = {"value": EPOCHS}
    (home / "sweep.yaml").write_text(yaml.safe_dump(config))
    return config


def run_plain(server: Server, home: Path, method: str) -> tuple[str, dict]:
    """Create the sweep, run an agent and, if needed, the scheduler; return the sweep's id and config."""
    config, env = small_sweep(home, method), client_environment(server.url, home)
    create = [*WANDB, "sweep", "sweep.yaml"]
    made = subprocess.run(create, cwd=home, env=env, capture_output=True, text=True, timeout=120, check=True)
    path = re.search(r"wandb agent (\S+)", made.stderr)[1]
    scheduler = None
    if "scheduler" in config:
        command = [*WANDB, "sweep-scheduler", path, "--batch-size", "1", "--poll-interval", "5"]
        scheduler = subprocess.Popen(
            command, cwd=home, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    try:
        agent = [*WANDB, "agent", "--count", str(RUNS), path]
        subprocess.run(agent, cwd=home, env=env, capture_output=True, timeout=300, check=True)
    finally:
        if scheduler is not None:
            scheduler.kill()
            scheduler.wait()
    return path.rpartition("/")[2], config


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    return {method: tmp_path_factory.mktemp(method) for method in METHODS}


@pytest.fixture(scope="module")
def commit():
    """Return the commit of the code under test; empty without a git checkout."""
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture(scope="module")
def finished(homes, commit, data_dir):
    """Run every method's sweep, side by side; return the server, and id and config by method."""
    with Server() as server, ThreadPoolExecutor(len(METHODS)) as threads:
        jobs = {m: threads.submit(run_plain, server, home, m) for m, home in homes.items()}
        yield server, {method: job.result() for method, job in jobs.items()}


def runs_of(server: Server, sweep_id: str):
    return [run for run in server.state.runs_of(sweep_id) if run.state != "pending"]


def test_the_stand_in_answered_every_request(finished):
    server, _ = finished
    assert server.state.problems == []


@pytest.mark.parametrize("method", METHODS)
def test_at_most_one_run_is_proposed_ahead(finished, method):
    server, sweeps = finished
    waiting = [run for run in server.state.runs_of(sweeps[method][0]) if run.state == "pending"]
    # The scheduler is killed after the agent's last run, when at most one more batch of one is enqueued.
    assert len(waiting) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_the_server_gets_the_unchanged_sweep_file(finished, method):
    server, sweeps = finished
    sweep_id, config = sweeps[method]
    assert yaml.safe_load(server.state.sweeps[sweep_id].text) == config


@pytest.mark.parametrize("method", METHODS)
def test_runs_log_every_epoch_and_summarise_the_best_one(finished, method):
    server, sweeps = finished
    sweep_id, config = sweeps[method]
    runs = runs_of(server, sweep_id)
    assert len(runs) == RUNS
    for run in runs:
        stopped = method == "hyperband" and run.exit_code == 255
        assert run.exit_code == 0 or stopped
        assert [row["epoch"] for row in run.history] == list(range(1, len(run.history) + 1))
        assert stopped or len(run.history) == EPOCHS
        assert all(set(row) >= KEYS for row in run.history)
        best = min(run.history, key=lambda row: row["valid_loss"])
        assert {key: run.summary[key] for key in KEYS} == {key: best[key] for key in KEYS}
        values = {name: entry["value"] for name, entry in run.config.items() if name in config["parameters"]}
        assert values.keys() == config["parameters"].keys()
        assert 2 <= values["filters"] <= 15 and type(values["filters"]) is int
        assert 1e-4 <= values["lr"] <= 3e-3


@pytest.mark.parametrize("method", METHODS)
def test_runs_have_group_job_type_tags_and_commit(finished, commit, method):
    server, sweeps = finished
    sweep_id, _ = sweeps[method]
    for run in runs_of(server, sweep_id):
        assert (run.group, run.job_type, run.tags) == (sweep_id, "sweep", ["fashion-mnist"])
        assert (run.commit or "") == commit
        assert "requirements.txt" in run.files


def search_from_logs(home: Path, method: str, sweep_id: str) -> SearchRecord:
    """Read the sweep from the logs that its runs left on this machine."""
    trials = []
    for path in home.glob("wandb/run-*/run-*.wandb"):
        log = read_run_log(path)
        if log.run_id.endswith("-controller"):
            continue  # the scheduler's own run
        number = int(log.run_id.rpartition("-")[2])
        trials.append(Trial(number, log.run_id, log.config, STATES[log.exit_code], tuple(log.history)))
    return SearchRecord(method, sweep_id, Metric("valid_loss"), tuple(trials))


def test_server_and_local_logs_give_the_same_tables(finished, homes, tmp_path):
    server, sweeps = finished
    searches = [search_from_logs(homes[method], method, sweeps[method][0]) for method in METHODS]
    write_comparison(searches, tmp_path / "logs")
    done = run_client(server.url, tmp_path, "compare", f"{ENTITY}/fashion-wb", "--out", "api")
    assert done.returncode == 0, done.stderr
    for name in ("trials.csv", "comparison.csv"):
        assert (tmp_path / "api" / name).read_bytes() == (tmp_path / "logs" / name).read_bytes()
    with (tmp_path / "api" / "trials.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == RUNS * len(METHODS)
