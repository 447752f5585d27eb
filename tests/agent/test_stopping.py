"""How an agent stops: signals, server outages, failing programs and user mistakes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from agent_cases import (
    LONG,
    SOON,
    add_sweep,
    agent,
    grid,
    is_complete,
    logging_run,
    pid_of,
    runs_of,
    start_agent,
    started,
    wait_until,
)
from standin_client import client_environment
from standin_faults import Faults
from standin_server import Server
from standin_state import ENTITY

pytestmark = pytest.mark.processes

SHORT = "steps: {value: 30}\npause: {value: 0.1}"


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def output(home):
    return (home / "agent.log").read_text()


def test_the_first_ctrl_c_lets_running_trials_finish(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters=SHORT))
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert runs_of(server, path) == [run]
    assert (run.state, len(run.history)) == ("finished", 30) and is_complete(run)
    assert "No new trials; waiting for 1 running trial to finish" in output(tmp_path)


@pytest.mark.parametrize(
    ("signals", "status"),
    [((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM,), 143), ((signal.SIGHUP,), 129)],
)
def test_a_second_ctrl_c_or_a_sigterm_stops_trials_and_keeps_their_rows(server, tmp_path, signals, status):
    path = add_sweep(server, tmp_path, grid(3, parameters=LONG))
    process = start_agent(server, tmp_path, path, "--workers", "2")
    wait_until(lambda: [bool(run.history) for run in runs_of(server, path)] == [True, True])
    runs = runs_of(server, path)
    for number, text in zip(signals, ("No new trials", "Stopping"), strict=False):
        process.send_signal(number)
        wait_until(lambda text=text, number=number: number != signal.SIGINT or text in output(tmp_path))
    assert process.wait(timeout=60) == status
    assert [run.exit_code for run in runs] == [255, 255] and all(map(is_complete, runs))
    assert not any(is_alive(pid_of(tmp_path, run)) for run in runs)


def test_the_third_ctrl_c_kills_trials(server, tmp_path):
    ignore_sigterm = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    program = ignore_sigterm + "import os, time, wandb\nprint(os.getpid(), flush=True)\nrun = wandb.init()\n"
    program += "for step in range(600): run.log({'loss': step}); time.sleep(0.1)\n"
    path = add_sweep(server, tmp_path, grid(1), program)
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    for text in ("No new trials", "Stopping 1 running trial;"):
        process.send_signal(signal.SIGINT)
        wait_until(lambda text=text: text in output(tmp_path))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert not is_alive(pid_of(tmp_path, run))


@pytest.mark.long
def test_a_trial_that_ignores_sigterm_is_killed_after_the_delay_and_its_run_is_kept(server, tmp_path):
    program = (
        "import signal, time, wandb\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nrun = wandb.init()\n"
        "for step in range(600): run.log({'loss': step}); time.sleep(0.1)\n"
    )
    path = add_sweep(server, tmp_path, grid(1), program)
    process = start_agent(server, tmp_path, path, WANDB_AGENT_KILL_DELAY="1")
    run = logging_run(server, path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143
    assert run.exit_code == 255 and is_complete(run)


@pytest.mark.long
def test_no_trial_outlives_an_agent_that_is_killed(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1, parameters=LONG))
    process = start_agent(server, tmp_path, path)
    pid = pid_of(tmp_path, logging_run(server, path))
    process.kill()
    process.wait(timeout=30)
    wait_until(lambda: not is_alive(pid), seconds=10)


@pytest.mark.long
def test_trials_continue_during_a_server_outage(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters="steps: {value: 40}\npause: {value: 0.1}"))
    process = start_agent(server, tmp_path, path)
    first = logging_run(server, path)
    server.faults.rate = 1.0
    wait_until(lambda: "Running trials continue" in output(tmp_path))
    server.faults = Faults()
    assert process.wait(timeout=120) == 0, output(tmp_path)
    runs = started(server, path)
    assert runs[0] is first and len(runs) == 3
    assert all((run.state, len(run.history)) == ("finished", 40) and is_complete(run) for run in runs)
    assert "answers again" in output(tmp_path)


@pytest.mark.long
def test_the_agent_gives_up_when_an_outage_lasts_too_long(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3))
    server.state.sweeps[path.rpartition("/")[2]].state = "PAUSED"
    code = (
        "import sys\nfrom pathlib import Path\nfrom fashion_wb.agent.start import AgentOptions, run_agent\n"
        "from fashion_wb.server.errors import Unreachable\n"
        "try: run_agent(sys.argv[1], AgentOptions(Path.cwd(), give_up=1.0), sys.stderr)\n"
        "except Unreachable as error: print(error)\n"
    )
    env = client_environment(server.url, tmp_path, **SOON)
    command = [sys.executable, "-c", code, path]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        wait_until(lambda: server.state.asked["Heartbeat"])
        server.faults.rate = 1.0
        out, _ = process.communicate(timeout=60)
    assert "try again later" in out or "can be reached" in out, out


@pytest.mark.long
def test_running_trials_finish_when_the_sweep_is_deleted(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters="steps: {value: 80}\npause: {value: 0.1}"))
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    del server.state.sweeps[run.sweep]
    assert process.wait(timeout=60) == 1
    assert (run.state, len(run.history)) == ("finished", 80)
    assert f"Error: sweep {path} no longer exists" in output(tmp_path)


FAILING = "import sys, wandb\nrun = wandb.init()\nrun.log({'loss': 1})\nsys.exit(7)\n"


def test_the_agent_stops_when_the_program_always_fails(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(9), FAILING)
    done = agent(server, tmp_path, path)
    assert done.returncode == 1
    assert "Error: 3 trials in a row failed" in done.stderr and "exited with status 7" in done.stderr
    assert [(run.state, run.exit_code) for run in runs_of(server, path)] == [("failed", 7)] * 3


@pytest.mark.long
def test_wandbs_variable_makes_the_agent_continue_after_failures(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(5), FAILING)
    done = agent(server, tmp_path, path, WANDB_AGENT_DISABLE_FLAPPING="true")
    assert done.returncode == 0
    assert "5 failed, by this agent" in done.stdout


def test_a_program_that_logs_no_metric_finishes_with_a_note(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1), "import wandb\nwandb.init().log({'other': 0})\n")
    done = agent(server, tmp_path, path)
    assert done.returncode == 0
    assert " finished " in done.stderr and "logged no finite loss" in done.stderr


def test_a_program_that_starts_no_run_finishes_if_its_exit_status_is_zero(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(2), "import sys\nsys.exit(int(sys.argv[1][-1]))\n")
    done = agent(server, tmp_path, path)
    assert (done.returncode, "1 finished, 1 failed" in done.stdout) == (0, True)


def test_a_sweep_that_is_already_finished_is_not_an_error(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1))
    server.state.sweeps[path.rpartition("/")[2]].state = "FINISHED"
    done = agent(server, tmp_path, path)
    assert (done.returncode, "already finished" in done.stdout) == (0, True)
    assert runs_of(server, path) == []


def test_user_mistakes_are_explained(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1))
    project = path.rpartition("/")[0]
    for wrong, text in (
        (f"{project}/absent", f"{project} has no sweep absent; it has sweep1 (no name, running)"),
        (f"{ENTITY}/absent/sweep1", f"knows no project {ENTITY}/absent"),
        (project, "give ENTITY/PROJECT/SWEEP_ID"),
        ("absent", "not a W&B path"),
    ):
        done = agent(server, tmp_path, wrong)
        assert (done.returncode, text in done.stderr) == (1, True), done.stderr
    (tmp_path / "prog.py").unlink()
    done = agent(server, tmp_path, path)
    assert done.returncode == 1 and f"program prog.py is not in {tmp_path}" in done.stderr
    done = agent(server, tmp_path, path, WANDB_API_KEY="b" * 40)
    assert done.returncode == 1 and "refuses the API key" in done.stderr
    assert runs_of(server, path) == [] and server.state.agents == {}


def test_a_sweep_for_python_functions_is_refused(server, tmp_path):
    text = "method: grid\nmetric: {name: loss}\nparameters: {x: {values: [0, 1]}}\n"
    path = add_sweep(server, tmp_path, text)
    done = agent(server, tmp_path, path)
    assert done.returncode == 1 and "names neither program nor command" in done.stderr
