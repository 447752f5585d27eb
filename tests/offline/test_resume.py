"""Sweeps that are interrupted, killed or run twice: no trial is lost or repeated; see also tests/faults."""

from __future__ import annotations

import contextlib
import signal
import time

import pytest
from sweep_cases import environment, only_sweep, place, run, states, trials, yaml
from warm_cli import Command

pytestmark = pytest.mark.processes

ARGUMENTS = ["sweep", "sweep.yaml", "--count", "14", "--workers", "2"]


def start(folder):
    return Command(ARGUMENTS, folder, environment())


def wait_for(condition, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.01)


def logs(folder):
    while True:
        with contextlib.suppress(FileNotFoundError):  # a run's folder was moved while glob read it
            return sorted(folder.glob("runs/sweep/wandb/offline-run-*/run-*.wandb"))


def test_ctrl_c_stops_running_trials_cleanly_and_says_how_to_continue(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\nsteps: {value: 200}\npause: {value: 0.05}"))
    process = start(tmp_path)
    wait_for(lambda: len(logs(tmp_path)) == 2, process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in printed and "Run the same command again to continue" in printed
    assert "Traceback" not in printed
    assert states(tmp_path) == ["running"] * 2
    assert all(trial.history for trial in trials(tmp_path))


def test_an_interrupted_trial_runs_again_with_the_same_configuration_and_its_old_log_is_kept(tmp_path):
    place(tmp_path, yaml("x: {values: [1, 2]}\npause: {value: 0.4}", method="grid"))
    process = start(tmp_path)
    wait_for(lambda: len(logs(tmp_path)) == 2, process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    before = [trial.config for trial in trials(tmp_path)]
    assert run(tmp_path, *ARGUMENTS).returncode == 0
    assert states(tmp_path) == ["finished"] * 2
    assert [trial.config for trial in trials(tmp_path)] == before
    aside = list(tmp_path.glob("runs/sweep/wandb/interrupted/offline-run-*/run-*.wandb"))
    assert len(aside) == 2 and len(logs(tmp_path)) == 2


RESUMES = """
import json, os, time
from pathlib import Path
import wandb

if __name__ == "__main__":
    run = wandb.init()
    folder = Path(os.environ["FASHION_WB_RESUME_DIR"])
    rows = json.loads((folder / "rows.json").read_text()) if (folder / "rows.json").exists() else []
    for row in rows:
        run.log(row)
    for step in range(len(rows), 8):
        time.sleep(0.15)
        with open(f"computed-{run.id}", "a") as file:
            file.write(f"{step}\\n")
        rows.append({"loss": run.config.x + step})
        run.log(rows[-1])
        (folder / ".rows").write_text(json.dumps(rows))
        (folder / ".rows").replace(folder / "rows.json")
"""


def test_a_killed_trial_goes_on_from_its_checkpoint(tmp_path):
    """Rows are neither lost nor repeated, and a kill costs at most the step that it came in."""
    place(tmp_path, yaml("x: {values: [1, 2]}", method="grid"), RESUMES)
    kills = 2
    checkpoints = tmp_path / "runs" / "sweep" / "resume"
    for kill in range(kills):
        process = start(tmp_path)
        before = len(logs(tmp_path)) if kill else 0
        wait_for(lambda: len(list(checkpoints.glob("*/rows.json"))) == 2, process)
        wait_for(lambda seen=before: len(logs(tmp_path)) >= max(2, seen), process)
        time.sleep(0.4)
        process.kill()
        process.communicate()
    assert run(tmp_path, *ARGUMENTS).returncode == 0
    assert states(tmp_path) == ["finished"] * 2
    for trial in trials(tmp_path):
        assert [row["loss"] for row in trial.history] == [trial.config["x"] + step for step in range(8)]
        computed = (tmp_path / f"computed-{trial.run_id}").read_text().split()
        assert 8 <= len(computed) <= 8 + kills and sorted(set(map(int, computed))) == list(range(8))
    assert list((tmp_path / "runs" / "sweep" / "resume").iterdir()) == []


@pytest.mark.long
def test_outcomes_survive_a_restart(tmp_path):
    program = (
        "import os, sys, wandb\nrun = wandb.init()\nrun.log({'loss': 1})\n"
        "if run.config.x == 1: os.kill(os.getpid(), 9)\n"
        "if run.config.x == 2: sys.exit(3)\n"
    )
    place(tmp_path, yaml("x: {values: [0, 1, 2]}", method="grid"), program)
    assert run(tmp_path, *ARGUMENTS).returncode == 0
    first = [(t.run_id, t.state, t.reason, t.history) for t in trials(tmp_path)]
    assert states(tmp_path) == ["finished", "failed", "failed"]
    assert run(tmp_path, *ARGUMENTS).returncode == 0
    assert [(t.run_id, t.state, t.reason, t.history) for t in trials(tmp_path)] == first


def test_a_damaged_file_is_named_and_not_overwritten(tmp_path):
    place(tmp_path, yaml("x: {values: [0, 1]}", method="grid"))
    assert run(tmp_path, *ARGUMENTS).returncode == 0
    log = logs(tmp_path)[0]
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    done = run(tmp_path, *ARGUMENTS)
    assert done.returncode == 1 and f"{log.name}: damaged at byte" in done.stderr
    assert log.read_bytes() == bytes(data)
    log.unlink()
    identity = only_sweep(tmp_path).root / "sweep.json"
    identity.write_text("{")
    done = run(tmp_path, *ARGUMENTS)
    assert done.returncode == 1 and "sweep.json: damaged" in done.stderr
