"""A run stopped by plain W&B keeps its history and counts as stopped, whichever way it is stopped.

Tested with the unmodified client against a stand-in for W&B's server.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from standin_cases import add_run
from standin_client import client_environment
from standin_server import Server
from sweep_cases import ROOT

pytestmark = [pytest.mark.processes, pytest.mark.long]

WANDB = [sys.executable, "-m", "wandb"]
# By default a run sends its rows every 15 s. With this many images, 10,000 epochs take minutes.
SOON = {"WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1", "FASHION_WB_LIMIT": "5000"}
# A train.py that leaves the processor to other tests: a stop by the server takes up to 15 s to arrive.
SLOW = """
import sys, time
import train

log_epoch = train.log_epoch

def log_and_wait(*arguments):
    log_epoch(*arguments)
    time.sleep(0.2)

train.log_epoch = log_and_wait
if __name__ == "__main__":
    sys.exit(train.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def server(data_dir):
    with Server() as server:
        yield server
        assert server.state.problems == []


def has_best_epoch_in_summary(run):
    best = min(run.history, key=lambda row: row["valid_loss"])
    return run.summary["epoch"] == best["epoch"] and run.summary["valid_loss"] == best["valid_loss"]


def is_complete(run):
    """Whether a stopped run has every epoch up to its last one, and the best one in its summary."""
    epochs = [row["epoch"] for row in run.history]
    return epochs == list(range(1, len(epochs) + 1)) and has_best_epoch_in_summary(run)


def place_slow(home: Path) -> Path:
    """Write SLOW into `home`, beside the train.py that it imports; return its path."""
    (home / "train.py").symlink_to(ROOT / "train.py")
    (home / "slow_train.py").write_text(SLOW)
    return home / "slow_train.py"


def start(server: Server, home: Path, program: Path = ROOT / "train.py") -> tuple[subprocess.Popen, str]:
    """Start a training that takes longer than any test; return its process and, once it logs, its run id."""
    known = len(server.state.runs)
    env = client_environment(server.url, home, WANDB_PROJECT="stops", **SOON)
    command = [sys.executable, str(program), "--filters", "2", "--epochs", "10000"]
    process = subprocess.Popen(
        command, cwd=home, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (started := [run.name for run in list(server.state.runs.values())[known:] if run.history]):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    return process, started[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_run(server, tmp_path, number):
    process, name = start(server, tmp_path)
    process.send_signal(number)
    assert process.wait(timeout=60) == -number
    assert server.state.runs[name].exit_code == 255
    assert is_complete(server.state.runs[name])


def test_the_stop_button_stops_a_run(server, tmp_path):
    process, name = start(server, tmp_path, place_slow(tmp_path))
    server.state.runs[name].stop_asked = True
    assert process.wait(timeout=90) == -signal.SIGINT
    assert server.state.runs[name].state == "killed"
    assert is_complete(server.state.runs[name])


def test_hyperband_stops_runs_of_wandbs_agent(server, tmp_path):
    program = place_slow(tmp_path)
    config = yaml.safe_load((ROOT / "sweeps" / "hyperband.yaml").read_text())
    # Two runs that learn almost nothing and would train longer than any test lasts.
    config["program"], config["run_cap"] = program.name, 2
    config["parameters"] |= {"filters": {"value": 2}, "lr": {"value": 1.0e-6}, "epochs": {"value": 10_000}}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(config))
    env = client_environment(server.url, tmp_path, **SOON)
    made = subprocess.run(
        [*WANDB, "sweep", "sweep.yaml"], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    path = re.search(r"wandb agent (\S+)", made.stderr)[1]
    sweep = path.rpartition("/")[2]
    # It is longer than any rung that the others can reach before they are judged.
    add_run(server.state, sweep, "good", [0.4] * 5000)
    agent = [*WANDB, "agent", path]
    subprocess.run(agent, cwd=tmp_path, env=env, capture_output=True, timeout=300, check=True)
    good, *poor = server.state.runs_of(sweep)
    assert (good.name, len(poor)) == ("good", 2)
    assert [run.exit_code for run in poor] == [255, 255]
    assert all(1 <= len(run.history) < 10_000 and is_complete(run) for run in poor)
