"""Pushes that are killed, refused, cut off and interrupted end with the very state of an undisturbed one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from push_cases import FAST, MANY_ROWS, PIECEMEAL, PROJECT, ROWS, assert_arrived, folders, held, push
from standin_client import client_environment
from standin_faults import Fault
from standin_server import Server
from sweep_cases import COMMAND, place, run, yaml

# Tests that a shell has started in the background ignore Ctrl-C, and so would what they start.
HEEDS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory):
    """Two sweeps of three runs with so many rows that each takes many requests, one with a crashed trial."""
    home = tmp_path_factory.mktemp("sweeps")
    place(home, yaml(more="run_cap: 3\n"), MANY_ROWS)
    assert run(home, "sweep", "sweep.yaml", "--dir", "runs/a").returncode == 0
    crash = MANY_ROWS + "if run.config.x == 1:\n    raise ValueError('no')\n"
    place(home, yaml("x: {values: [0, 1, 2]}", "grid"), crash)
    assert run(home, "sweep", "sweep.yaml", "--dir", "runs/b").returncode == 0
    return home


@pytest.fixture(scope="module")
def undisturbed(sweeps):
    with Server() as server:
        done = push(server, sweeps)
        assert done.returncode == 0, done.stderr
        assert server.state.problems == []
        return held(server.state)


def start(server, home, **env):
    """A push that can be signalled, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{HEEDS_CTRL_C}; {COMMAND[-1]}", "push", "runs", "--project", PROJECT],
        cwd=home,
        env=client_environment(server.url, home, **FAST, **PIECEMEAL, **env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def rows_there(server):
    with server.state.lock:
        return sum(len(run.history) for run in server.state.runs.values())


def wait_for_rows(server, count, process):
    while rows_there(server) < count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.002)


def test_a_push_that_is_killed_again_and_again_ends_as_if_it_had_not_been(server, sweeps, undisturbed):
    # Once before any row, then whenever more rows have arrived. The server takes its time to answer, so that
    # the upload, which outlives the kill by up to a tenth of a second, has not gone further.
    server.faults.delay = 0.4
    partial = 0
    for kill in range(5):
        process = start(server, sweeps)
        if kill == 0:
            time.sleep(1.0)
        else:
            wait_for_rows(server, rows_there(server) + 1, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        partial += any(0 < len(run.history) < ROWS for run in server.state.runs.values())
    server.faults.delay = 0.0
    assert partial > 1, "no kill struck while a run was on its way"
    done = push(server, sweeps)
    assert done.returncode == 0, done.stderr
    assert held(server.state) == undisturbed
    assert not list(sweeps.rglob(".push"))


def test_a_fifth_of_requests_in_trouble_changes_nothing(server, sweeps, undisturbed):
    """Refused with 503 or 429, or carried out and left unanswered, a third each.

    A request is tried at least six times: 1 in 15,000 fails for good, and then the push says so and exits
    with 1, as it does here for fewer than 1 in 20; hence "as often as it takes", but no more than thrice.
    """
    server.faults.rate, server.faults.chance = 0.2, random.Random(26)
    for _ in range(3):
        done = push(server, sweeps, **PIECEMEAL)
        if done.returncode == 0:
            break
        assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert all(server.faults.seen[fault] > 0 for fault in Fault)
    server.faults.rate = 0
    assert held(server.state) == undisturbed
    for folder in folders(sweeps / "runs"):
        assert_arrived(server.state, folder)


def test_a_stream_that_the_server_loses_is_noticed_and_only_the_missing_rows_are_sent_again(
    server, sweeps, undisturbed
):
    # After a 404, wandb sends nothing more of a run, prints nothing, and ends as if all were well.
    names = [run_id for run_id in undisturbed["runs"] if run_id.endswith("-0001")]
    server.state.gone_after |= dict.fromkeys(names, 1)
    done = push(server, sweeps, **PIECEMEAL)
    assert done.returncode == 0, done.stderr
    assert server.state.gone_after == {}, "the server has lost no stream"
    assert done.stderr.count("1 runs sent") == len(names)
    assert held(server.state) == undisturbed


def test_a_run_that_something_else_has_logged_to_is_left_alone_and_named(server, sweeps, undisturbed):
    done = push(server, sweeps)
    assert done.returncode == 0, done.stderr
    name = min(undisturbed["runs"])
    server.state.runs[name].history.append({"_step": ROWS, "loss": 0.0})
    done = push(server, sweeps)
    assert done.returncode == 1
    assert f"{name}: it has {ROWS + 1} rows there and {ROWS} here" in done.stderr
    server.state.runs[name].history.pop()
    assert held(server.state) == undisturbed


def test_two_copies_of_a_folder_are_one_sweep(server, sweeps, undisturbed, tmp_path):
    shutil.copytree(sweeps / "runs", tmp_path / "runs")
    assert push(server, sweeps).returncode == 0
    done = push(server, tmp_path)
    assert done.returncode == 0 and "Everything is there already." in done.stdout
    assert held(server.state) == undisturbed


def test_ctrl_c_ends_it_in_good_order_and_the_same_command_goes_on(server, sweeps, undisturbed):
    server.faults.delay = 0.4
    process = start(server, sweeps)
    wait_for_rows(server, 1, process)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 130, output
    assert "interrupted; what has arrived stays. The same command goes on." in output
    assert "Traceback" not in output
    assert not list(sweeps.rglob(".push"))
    before = rows_there(server)
    time.sleep(0.5)
    assert rows_there(server) == before < 2 * 3 * ROWS, "an upload has outlived the push"
    server.faults.delay = 0.0
    assert push(server, sweeps).returncode == 0
    assert held(server.state) == undisturbed


def test_a_folder_whose_sweep_is_running_is_left_alone(server, sweeps):
    from fashion_wb.files import locked

    folder = folders(sweeps / "runs")[0]
    with locked(folder.root):
        done = push(server, sweeps)
    assert done.returncode == 1 and "another process" in done.stderr
    assert server.state.runs == {}
