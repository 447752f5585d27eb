"""How an agent ends: signals, servers that go away, programs that fail, mistakes of users."""

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
    logging_run,
    pid_of,
    runs_of,
    start_agent,
    started,
    wait_until,
    whole,
)
from standin_client import client_environment
from standin_faults import Faults
from standin_server import Server
from standin_state import ENTITY

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


def said(home):
    return (home / "agent.log").read_text()


def test_the_first_ctrl_c_lets_trials_come_to_their_end(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters=SHORT))
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert runs_of(server, path) == [run]
    assert (run.state, len(run.history)) == ("finished", 30) and whole(run)
    assert "No new trials; 1 running trial to their end" in said(tmp_path)


@pytest.mark.parametrize(
    ("signals", "status"),
    [((signal.SIGINT, signal.SIGINT), 130), ((signal.SIGTERM,), 143), ((signal.SIGHUP,), 129)],
)
def test_the_second_ctrl_c_and_any_sigterm_end_trials_with_all_they_logged(server, tmp_path, signals, status):
    path = add_sweep(server, tmp_path, grid(3, parameters=LONG))
    process = start_agent(server, tmp_path, path, "--workers", "2")
    wait_until(lambda: [bool(run.history) for run in runs_of(server, path)] == [True, True])
    runs = runs_of(server, path)
    for number, text in zip(signals, ("No new trials", "Ending"), strict=False):
        process.send_signal(number)
        wait_until(lambda text=text, number=number: number != signal.SIGINT or text in said(tmp_path))
    assert process.wait(timeout=60) == status
    assert [run.exit_code for run in runs] == [255, 255] and all(map(whole, runs))
    assert not any(is_alive(pid_of(tmp_path, run)) for run in runs)


def test_the_third_ctrl_c_kills(server, tmp_path):
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    program = deaf + "import os, time, wandb\nprint(os.getpid(), flush=True)\nrun = wandb.init()\n"
    program += "for step in range(600): run.log({'loss': step}); time.sleep(0.1)\n"
    path = add_sweep(server, tmp_path, grid(1), program)
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    for text in ("No new trials", "Ending 1 running trial;"):
        process.send_signal(signal.SIGINT)
        wait_until(lambda text=text: text in said(tmp_path))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert not is_alive(pid_of(tmp_path, run))


def test_a_trial_that_is_deaf_to_sigterm_is_killed_after_the_delay_and_its_run_kept(server, tmp_path):
    program = (
        "import signal, time, wandb\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nrun = wandb.init()\n"
        "for step in range(600): run.log({'loss': step}); time.sleep(0.1)\n"
    )
    path = add_sweep(server, tmp_path, grid(1), program)
    process = start_agent(server, tmp_path, path, WANDB_AGENT_KILL_DELAY="1")
    run = logging_run(server, path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 143
    assert run.exit_code == 255 and whole(run)


def test_no_trial_outlives_an_agent_that_is_killed(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1, parameters=LONG))
    process = start_agent(server, tmp_path, path)
    pid = pid_of(tmp_path, logging_run(server, path))
    process.kill()
    process.wait(timeout=30)
    wait_until(lambda: not is_alive(pid), seconds=10)


def test_trials_go_on_while_the_server_is_away(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters="steps: {value: 40}\npause: {value: 0.1}"))
    process = start_agent(server, tmp_path, path)
    first = logging_run(server, path)
    server.faults.rate = 1.0
    wait_until(lambda: "Running trials go on" in said(tmp_path))
    server.faults = Faults()
    assert process.wait(timeout=120) == 0, said(tmp_path)
    runs = started(server, path)
    assert runs[0] is first and len(runs) == 3
    assert all((run.state, len(run.history)) == ("finished", 40) and whole(run) for run in runs)
    assert "answers again" in said(tmp_path)


def test_one_request_in_ten_in_trouble_costs_no_row_and_no_configuration_twice(server, tmp_path):
    """A request fails six times in a row in one of 1e6; there are some 150 here, so in 2 of 10,000 runs."""
    path = add_sweep(server, tmp_path, grid(8))
    server.faults.rate = 0.1
    done = agent(server, tmp_path, path, "--workers", "2", timeout=240)
    assert done.returncode == 0, done.stderr
    runs = started(server, path)
    assert all((run.state, run.exit_code, len(run.history)) == ("finished", 0, 3) for run in runs)
    values = [run.values()["x"] for run in runs]
    # A run given out in an answer that was lost is never started, with W&B's own agent as well.
    assert len(values) == len(set(values)) and f"{len(runs)} finished" in done.stdout
    assert sum(server.faults.seen.values()) > server.faults.seen["none"]


def test_a_server_that_stays_away_is_given_up(server, tmp_path):
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


def test_a_deleted_sweep_lets_trials_come_to_their_end(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(3, parameters="steps: {value: 80}\npause: {value: 0.1}"))
    process = start_agent(server, tmp_path, path)
    run = logging_run(server, path)
    del server.state.sweeps[run.sweep]
    assert process.wait(timeout=60) == 1
    assert (run.state, len(run.history)) == ("finished", 80)
    assert f"Error: sweep {path} is not there any more" in said(tmp_path)


FAILING = "import sys, wandb\nrun = wandb.init()\nrun.log({'loss': 1})\nsys.exit(7)\n"


def test_a_program_that_fails_every_time_ends_the_agent(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(9), FAILING)
    done = agent(server, tmp_path, path)
    assert done.returncode == 1
    assert "Error: 3 trials in a row failed" in done.stderr and "ended with exit status 7" in done.stderr
    assert [(run.state, run.exit_code) for run in runs_of(server, path)] == [("failed", 7)] * 3


def test_the_variable_by_which_w_and_b_lets_failures_pass(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(5), FAILING)
    done = agent(server, tmp_path, path, WANDB_AGENT_DISABLE_FLAPPING="true")
    assert done.returncode == 0
    assert "5 failed, by this agent" in done.stdout


def test_a_program_that_logs_no_metric_has_finished_and_that_is_said(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1), "import wandb\nwandb.init().log({'other': 0})\n")
    done = agent(server, tmp_path, path)
    assert done.returncode == 0
    assert " finished " in done.stderr and "logged no finite loss" in done.stderr


def test_a_program_without_a_run_has_finished_if_its_status_is_zero(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(2), "import sys\nsys.exit(int(sys.argv[1][-1]))\n")
    done = agent(server, tmp_path, path)
    assert (done.returncode, "1 finished, 1 failed" in done.stdout) == (0, True)


def test_a_finished_sweep_is_no_error(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1))
    server.state.sweeps[path.rpartition("/")[2]].state = "FINISHED"
    done = agent(server, tmp_path, path)
    assert (done.returncode, "finished already" in done.stdout) == (0, True)
    assert runs_of(server, path) == []


def test_mistakes_are_named(server, tmp_path):
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


def test_a_sweep_of_python_functions_is_none_for_this_agent(server, tmp_path):
    text = "method: grid\nmetric: {name: loss}\nparameters: {x: {values: [0, 1]}}\n"
    path = add_sweep(server, tmp_path, text)
    done = agent(server, tmp_path, path)
    assert done.returncode == 1 and "names neither program nor command" in done.stderr
