"""The sweep files with plain W&B: the unmodified `wandb sweep`, `wandb agent` and `wandb sweep-scheduler`.

Verified against a stand-in for W&B's server, on this machine only; nothing of the client is patched.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from standin_server import Server
from sweep_cases import ROOT, environment

from fashion_wb.study import METHODS

RUNS = 2
EPOCHS = 2
WANDB = [sys.executable, "-m", "wandb"]
KEYS = {"epoch", "train_loss", "valid_loss", "valid_accuracy", "seconds", "samples_per_second"}


def client_environment(server: Server, home: Path) -> dict[str, str]:
    """What a user's shell would hold who has an account on the stand-in."""
    return environment(
        WANDB_BASE_URL=server.url,
        WANDB_API_KEY="a" * 40,
        WANDB_ERROR_REPORTING="false",
        WANDB_DIR=str(home),
        WANDB_CONFIG_DIR=str(home / "config"),
        FASHION_WB_LIMIT="300",
        PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    )


def small_sweep(home: Path, method: str) -> dict:
    """Write the method's sweep file with a smaller budget, beside links to all it names; returns it."""
    for name in ("train.py", "fashion_wb"):
        (home / name).symlink_to(ROOT / name)
    config = yaml.safe_load((ROOT / "sweeps" / f"{method}.yaml").read_text())
    config["run_cap"] = RUNS
    config["parameters"]["epochs"] = {"value": EPOCHS}
    (home / "sweep.yaml").write_text(yaml.safe_dump(config))
    return config


def run_plain(server: Server, home: Path, method: str) -> tuple[str, dict]:
    """Create the sweep and run an agent, and the scheduler where there is one; id and config of the sweep."""
    config, env = small_sweep(home, method), client_environment(server, home)
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
def finished(tmp_path_factory, data_dir):
    """Every method's sweep, run side by side: the server's state, and id and config by method."""
    with Server() as server, ThreadPoolExecutor(len(METHODS)) as threads:
        homes = {method: tmp_path_factory.mktemp(method) for method in METHODS}
        jobs = {m: threads.submit(run_plain, server, home, m) for m, home in homes.items()}
        yield server.state, {method: job.result() for method, job in jobs.items()}


def test_the_client_asked_for_nothing_that_was_not_answered(finished):
    state, _ = finished
    assert state.problems == []


@pytest.mark.parametrize("method", METHODS)
def test_the_server_gets_the_file_as_it_is(finished, method):
    state, sweeps = finished
    sweep_id, config = sweeps[method]
    assert yaml.safe_load(state.sweeps[sweep_id].text) == config


@pytest.mark.parametrize("method", METHODS)
def test_its_runs_train_and_log_every_epoch_and_summarise_the_best(finished, method):
    state, sweeps = finished
    sweep_id, config = sweeps[method]
    runs = [run for run in state.runs.values() if run.sweep == sweep_id and run.history]
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
