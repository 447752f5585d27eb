"""Jobs on the Slurm of `slurm_cluster`, and what the sweeps in them recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from sweep_cases import environment, only_sweep, run


def job_environment(slurm):
    """Return the environment for `call`, from the one that `slurm_cluster.slurm` yields."""
    bin = str(Path(sys.executable).parent)
    return {**environment(), "SLURM_CONF": slurm["SLURM_CONF"], "PATH": f"{bin}{os.pathsep}{slurm['PATH']}"}


def call(env, folder, *command):
    """Run a command, and return what it prints."""
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True).stdout


def write_script(folder, *options):
    """Write job.sh, as `fashion-wb slurm-script` prints it."""
    script = run(folder, "slurm-script", "sweep.yaml", "--nodes", "2", *options)
    assert script.returncode == 0, script.stderr
    (folder / "job.sh").write_text(script.stdout)


def submit(env, folder):
    """Submit job.sh; return the job's number."""
    return call(env, folder, "sbatch", "--parsable", "job.sh").strip()


def wait_for(condition, seconds=120):
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def wait_for_jobs(env, folder, seconds=120):
    """Wait until no job is left."""
    wait_for(lambda: call(env, folder, "squeue", "--noheader") == "", seconds)


def ended(folder):
    """Return how many trials of the sweep in `folder`/runs have ended."""
    sweeps = list(folder.glob("runs/*/sweep.json"))
    return sum(trial.state.ended for trial in only_sweep(folder).read_trials()) if sweeps else 0


def results(folder):
    """Return each trial of the only sweep in `folder`: number, suggestion, state and losses."""
    trials = only_sweep(folder).read_trials()
    return [(t.number, t.config["x"], str(t.state), [row["loss"] for row in t.history]) for t in trials]
