"""Preempted runs that W&B's server hands out again: the unmodified client against the stand-in."""

from __future__ import annotations

import os
import signal

import pytest
from agent_cases import add_sweep, agent, grid, is_complete, runs_of, start_agent, wait_until
from standin_server import Server
from standin_sweeps import requeue
from sweep_cases import ROOT

pytestmark = pytest.mark.processes

# Logs ten rows. Its first attempt is interrupted after five, in the way that `x` names.
PREEMPTED = """
import json, os, sys, wandb
from pathlib import Path

if __name__ == "__main__":
    run = wandb.init()
    run.mark_preempting()
    path = Path(os.environ["FASHION_WB_RESUME_DIR"], "step.json")
    start = json.loads(path.read_text()) if path.exists() else 0
    print("starts at", start, "with", run.starting_step, "rows", flush=True)
    run.config.update({"addition": 1})
    for step in range(start, 10):
        run.log({"loss": 1 / (step + 1), "attempt": int(start > 0)})
        path.with_suffix(".tmp").write_text(json.dumps(step + 1))
        path.with_suffix(".tmp").replace(path)
        if step == 4 and start == 0:
            if run.config.x == 0:
                sys.exit(3)
            os.kill(os.getpid(), 9)
"""
ALWAYS = (
    "import sys, wandb\nrun = wandb.init()\nrun.mark_preempting()\nrun.finish(exit_code=1)\nsys.exit(1)\n"
)


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


def output(home, run):
    return (home / "wandb" / f"sweep-{run.sweep}" / f"output-{run.name}.log").read_text()


def checkpoints(home, run):
    return list((home / "wandb" / f"sweep-{run.sweep}" / "resume").glob("*/*"))


def test_a_preempted_run_goes_on_where_it_was(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1), PREEMPTED)
    done = agent(server, tmp_path, path)
    assert done.returncode == 0, done.stderr
    (run,) = runs_of(server, path)
    assert (run.state, len(run.history)) == ("finished", 10) and is_complete(run)
    assert [row["attempt"] for row in run.history] == [0] * 5 + [1] * 5
    # The output file is the last attempt's.
    assert "starts at 5 with 5 rows" in output(tmp_path, run)
    assert f"Run {run.name} was preempted after 5 rows; W&B's server hands it out again" in done.stderr
    assert "10 logged" in done.stderr and "1 finished, by this agent" in done.stdout
    assert not checkpoints(tmp_path, run)


@pytest.mark.long
def test_a_run_killed_without_a_word_goes_on_once_the_server_hands_it_out(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(2), PREEMPTED)
    done = agent(server, tmp_path, path, "--workers", "1")
    assert done.returncode == 0, done.stderr
    for run in runs_of(server, path):
        assert run.state == "finished" and len(run.history) == 10 and is_complete(run)


def test_a_run_that_is_preempted_before_it_logs_anything_does_not_go_on_forever(server, tmp_path):
    done = agent(server, tmp_path, add_sweep(server, tmp_path, grid(1), ALWAYS))
    assert done.returncode == 1 and "trials in a row failed; the agent stops" in done.stderr


@pytest.mark.long
def test_train_py_goes_on_after_its_agent_and_itself_are_killed(server, tmp_path, data_dir):
    """The history is that of an undisturbed run, with each epoch once."""
    text = (
        "method: grid\nprogram: prog.py\nmetric: {name: valid_loss}\nparameters:\n"
        "  filters: {values: [4]}\n  epochs: {value: 4}\n  seed: {value: 3}\n"
    )
    program = (
        f"import sys, time\nsys.path.insert(0, {str(ROOT)!r})\nimport train, wandb\n"
        "log = train.log_epoch\n"
        "def slow(run, *rest):\n    run.mark_preempting()\n    log(run, *rest)\n    time.sleep(0.3)\n"
        "train.log_epoch = slow\nif __name__ == '__main__':\n    sys.exit(train.main(sys.argv[1:]))\n"
    )
    path = add_sweep(server, tmp_path, text, program)
    process = start_agent(server, tmp_path, path)
    run = wait_until(lambda: next((one for one in runs_of(server, path) if len(one.history) > 1), None))
    os.killpg(os.getpgid(process.pid), signal.SIGKILL)
    process.communicate()
    # As W&B's server does five minutes after the last sign of life.
    with server.state.lock:
        requeue(server.state, run)
    done = agent(server, tmp_path, path)
    assert done.returncode == 0, done.stderr
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    other = add_sweep(server, undisturbed, text, program)
    assert agent(server, undisturbed, other).returncode == 0
    ((one,), (two,)) = runs_of(server, path), runs_of(server, other)
    keys = ("epoch", "train_loss", "valid_loss", "valid_accuracy")
    rows = [[[row[key] for key in keys] for row in each.history] for each in (one, two)]
    assert rows[0] == rows[1] and [row[0] for row in rows[0]] == [1, 2, 3, 4]
    assert one.state == "finished" and not checkpoints(tmp_path, one)
