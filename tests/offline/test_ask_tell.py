"""Trials that a user's own launcher runs: the same suggestions and record as `fashion-wb sweep`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sweep_cases import environment, only_sweep, place, run, yaml

from fashion_wb.files import write_text

pytestmark = pytest.mark.processes

SWEEP = yaml(method="bayes", more="run_cap: 4\n")
FIRST = ("--sweep", "sweep.yaml", "--parallel", "2")


def call(folder, *arguments):
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def execute(trial):
    """Run a trial as its launcher would; return its exit status."""
    for name, text in trial["files"].items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    env = environment() | {name: value for name, value in trial["env"].items() if value is not None}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    return subprocess.run(
        trial["argv"], cwd=trial["cwd"], env=env, capture_output=True, check=False
    ).returncode


def results(folder):
    return [(t.config["x"], str(t.state), len(t.history)) for t in only_sweep(folder).read_trials()]


@pytest.mark.long
def test_a_launcher_gets_the_suggestions_of_a_sweep_and_leaves_its_record(tmp_path):
    place(tmp_path, SWEEP)
    assert run(tmp_path, "sweep", "sweep.yaml", "--dir", "near", "--workers", "2").returncode == 0
    first = call(tmp_path, "ask", "asked", *FIRST)
    second = call(tmp_path, "ask", "asked", "--home", str(tmp_path / "elsewhere"))
    assert (first["state"], first["attempt"], second["state"]) == ("trial", 1, "trial")
    assert call(tmp_path, "ask", "asked") == {"state": "wait"}
    # The first runs where the sweep's folder is, the second in a folder of its own.
    assert execute(first) == execute(second) == 0
    (folder,) = tmp_path.glob("elsewhere/wandb/offline-run-*")
    told = call(tmp_path, "tell", "asked", second["run"], "--folder", str(folder))
    assert (told["state"], told["stop"]) == ("running", False)
    told = call(tmp_path, "tell", "asked", second["run"], "--folder", str(folder), "--status", "0")
    assert told["state"] == "finished"
    assert call(tmp_path, "tell", "asked", first["run"], "--status", "0")["state"] == "finished"
    again = run(tmp_path, "tell", "asked", first["run"], "--status", "0")
    assert again.returncode == 1 and "has been told already" in again.stderr
    for _ in range(2):
        trial = call(tmp_path, "ask", "asked")
        assert execute(trial) == 0
        assert call(tmp_path, "tell", "asked", trial["run"], "--status", "0")["state"] == "finished"
    assert call(tmp_path, "ask", "asked") == {"state": "done"}
    assert results(tmp_path / "asked") == results(tmp_path / "near")


def test_a_lost_trial_is_given_again_and_its_old_attempt_is_kept_out(tmp_path):
    place(tmp_path, SWEEP)
    trial = call(tmp_path, "ask", "asked", *FIRST)
    assert call(tmp_path, "tell", "asked", trial["run"], "--lost", "node 7 rebooted")["state"] == "running"
    again = call(tmp_path, "ask", "asked")
    assert (again["run"], again["argv"], again["attempt"]) == (trial["run"], trial["argv"], 2)
    late = run(tmp_path, "tell", "asked", trial["run"], "--status", "0")
    assert late.returncode == 1 and "attempt 1 is over; the current one is 2" in late.stderr
    for attempt in (2, 3):
        told = call(tmp_path, "tell", "asked", trial["run"], "--attempt", str(attempt), "--lost", "again")
        if attempt == 2:
            assert call(tmp_path, "ask", "asked")["attempt"] == 3
    assert told["state"] == "failed" and "was lost 3 times (node 7 rebooted; again; again)" in told["reason"]
    other = run(tmp_path, "ask", "asked", "--sweep", "sweep.yaml", "--parallel", "3")
    assert other.returncode == 1 and "give the same options" in other.stderr


@pytest.mark.long
def test_early_stopping_says_stop(tmp_path):
    more = "run_cap: 3\nearly_terminate: {type: hyperband, min_iter: 1, eta: 2, strict: true}\n"
    place(tmp_path, yaml(method="grid", more=more, parameters="x: {values: [0.3, 0.9, 0.8]}"))
    program = tmp_path / "prog.py"
    write_text(
        program.read_text().replace("time.sleep", "time.sleep(1); os.kill(os.getpid(), 9); time.sleep"),
        program,
    )
    write_text("import os\n" + program.read_text(), program)
    trials = [call(tmp_path, "ask", "asked", "--sweep", "sweep.yaml") for _ in range(3)]
    for trial in trials:
        assert execute(trial) == -signal.SIGKILL  # after one row, as if it still ran
        assert not call(tmp_path, "tell", "asked", trial["run"])["stop"]
    # The worst of three is stopped once all three have logged.
    tells = [call(tmp_path, "tell", "asked", trial["run"]) for trial in trials]
    assert [told["stop"] for told in tells] == [False, True, False]
    assert [told["state"] for told in tells] == ["running"] * 3
    assert "is worse than" in tells[1]["reason"] and tells[0]["reason"] == tells[2]["reason"] == ""
    told = call(tmp_path, "tell", "asked", trials[1]["run"], "--status", "-15")
    assert told["state"] == "stopped" and told["reason"] == tells[1]["reason"]
