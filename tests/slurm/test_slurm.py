"""The printed job script on a real Slurm: a sweep on two nodes that is cancelled, then continued."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from slurm_cluster import missing, slurm
from sweep_cases import environment, only_sweep, place, run, yaml

pytestmark = [pytest.mark.processes, pytest.mark.skipif(missing() != "", reason=missing())]

SWEEP = yaml(method="bayes", more="run_cap: 8\n") + "  pause: {value: 0.3}\n  steps: {value: 4}\n"
OPTIONS = ("--parallel", "2", "--seed", "1")


@pytest.fixture(scope="module")
def env(tmp_path_factory):
    with slurm(tmp_path_factory.mktemp("slurm")) as found:
        bin = str(Path(sys.executable).parent)
        yield {**environment(), "SLURM_CONF": found["SLURM_CONF"], "PATH": f"{bin}:{found['PATH']}"}


def call(env, folder, *command):
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout


def submit(env, folder):
    said = call(env, folder, "sbatch", "--parsable", "job.sh")
    return said.strip()


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def ended(folder):
    sweeps = list(folder.glob("runs/*/sweep.json"))
    return sum(trial.state.ended for trial in only_sweep(folder).read_trials()) if sweeps else 0


def results(folder):
    trials = only_sweep(folder).read_trials()
    return [(t.number, t.config["x"], str(t.state), [row["loss"] for row in t.history]) for t in trials]


def test_a_sweep_on_two_nodes_that_is_cancelled_and_submitted_again(env, tmp_path):
    place(tmp_path, SWEEP)
    arguments = ("sweep.yaml", "--nodes", "2", "--time", "5", *OPTIONS, "--worker-options", "--workers 1")
    script = run(tmp_path, "slurm-script", *arguments)
    assert script.returncode == 0, script.stderr
    (tmp_path / "job.sh").write_text(script.stdout)
    first = submit(env, tmp_path)
    wait_for(lambda: ended(tmp_path) >= 2)
    call(env, tmp_path, "scancel", first)
    wait_for(lambda: call(env, tmp_path, "squeue", "--noheader") == "")
    done = ended(tmp_path)
    second = submit(env, tmp_path)
    wait_for(lambda: call(env, tmp_path, "squeue", "--noheader") == "")
    said = (tmp_path / f"slurm-{second}.out").read_text()
    assert 2 <= done < 8 and "8 finished" in said, said
    near = tmp_path / "near"
    near.mkdir()
    place(near, SWEEP)
    assert run(near, "sweep", "sweep.yaml", "--workers", "2", *OPTIONS).returncode == 0
    assert results(tmp_path / "runs") == results(near)
