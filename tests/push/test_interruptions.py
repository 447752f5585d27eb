"""Pushes that are killed, refused or interrupted end with the same state as an undisturbed push."""

from __future__ import annotations

import os
import shutil
import signal
import time

import pytest
from push_cases import FAST, MANY_ROWS, PIECEMEAL, PROJECT, ROWS, assert_arrived, contents, folders, push
from standin_client import client_environment
from standin_faults import Fault, Faults
from standin_server import Server
from sweep_cases import place, run, yaml
from warm_cli import Command

pytestmark = [pytest.mark.processes, pytest.mark.long]


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory):
    """Make two sweeps of three runs, each long enough to take many requests; one trial crashed."""
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
        return contents(server.state)


def start(server, home, **env):
    """Start a push in its own process group, so that it can be signalled."""
    environment = client_environment(server.url, home, **FAST, **PIECEMEAL, **env)
    return Command(["push", "runs", "--project", PROJECT], home, environment)


def rows_there(server):
    with server.state.lock:
        return sum(len(run.history) for run in server.state.runs.values())


def wait_for_rows(server, count, process):
    while rows_there(server) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)


def test_a_push_that_is_killed_repeatedly_ends_with_the_same_state(server, sweeps, undisturbed):
    # The first kill comes before any row, the others whenever more rows have arrived. The server answers
    # slowly, so that the upload, which survives the kill by up to 0.1 s, sends nothing more.
    server.faults.delay = 0.4
    partial = 0
    for kill in range(4):
        process = start(server, sweeps)
        if kill == 0:
            time.sleep(1.0)
        else:
            wait_for_rows(server, rows_there(server) + 1, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        partial += any(0 < len(run.history) < ROWS for run in server.state.runs.values())
    server.faults.delay = 0.0
    assert partial > 1, "no kill happened while a run was being uploaded"
    done = push(server, sweeps)
    assert done.returncode == 0, done.stderr
    assert contents(server.state) == undisturbed
    assert not list(sweeps.rglob(".push"))


def test_a_sweep_that_is_created_twice_gets_all_runs_once_and_its_copy_is_canceled(
    server, sweeps, undisturbed
):
    server.faults = Faults(1.0, (Fault.DOUBLED,), hits=lambda name: name == "UpsertSweep")
    done = push(server, sweeps)
    assert done.returncode == 0, done.stderr
    copies = [sweep for sweep in server.state.sweeps.values() if not server.state.runs_of(sweep.name)]
    assert [sweep.state for sweep in copies] == ["CANCELED", "CANCELED"]
    for sweep in copies:
        assert f"to be deleted in the browser: sweep {sweep.name}" in done.stdout
        del server.state.sweeps[sweep.name]
    assert contents(server.state)["runs"].keys() == undisturbed["runs"].keys()
    assert len(server.state.sweeps) == 2
    for folder in folders(sweeps / "runs"):
        assert_arrived(server.state, folder)


def test_rows_lost_by_the_server_are_noticed_and_only_they_are_sent_again(server, sweeps, undisturbed):
    # After a 404, wandb stops sending the run, prints nothing and exits as if it had succeeded.
    names = [run_id for run_id in undisturbed["runs"] if run_id.endswith("-0001")]
    server.state.gone_after |= dict.fromkeys(names, 1)
    done = push(server, sweeps, **PIECEMEAL)
    assert done.returncode == 0, done.stderr
    assert server.state.gone_after == {}, "the server lost no stream"
    assert done.stderr.count("1 runs sent") == len(names)
    assert contents(server.state) == undisturbed


def test_a_run_with_rows_from_elsewhere_is_left_alone_and_named(server, sweeps, undisturbed):
    done = push(server, sweeps)
    assert done.returncode == 0, done.stderr
    name = min(undisturbed["runs"])
    server.state.runs[name].history.append({"_step": ROWS, "loss": 0.0})
    done = push(server, sweeps)
    assert done.returncode == 1
    assert f"{name}: it has {ROWS + 1} rows on the server and {ROWS} here" in done.stderr
    server.state.runs[name].history.pop()
    assert contents(server.state) == undisturbed


def test_two_copies_of_a_folder_become_one_sweep(server, sweeps, undisturbed, tmp_path):
    shutil.copytree(sweeps / "runs", tmp_path / "runs")
    assert push(server, sweeps).returncode == 0
    done = push(server, tmp_path)
    assert done.returncode == 0 and "Everything is already there." in done.stdout
    assert contents(server.state) == undisturbed


def test_ctrl_c_stops_a_push_cleanly_and_the_same_command_continues(server, sweeps, undisturbed):
    server.faults.delay = 0.4
    process = start(server, sweeps)
    wait_for_rows(server, 1, process)
    os.killpg(process.pid, signal.SIGINT)
    _, printed = process.communicate(timeout=20)
    assert process.returncode == 130, printed
    assert "interrupted; runs that have arrived stay. Run the same command to continue." in printed
    assert "Traceback" not in printed
    assert not list(sweeps.rglob(".push"))
    before = rows_there(server)
    time.sleep(0.5)
    assert rows_there(server) == before < 2 * 3 * ROWS, "an upload outlived the push"
    server.faults.delay = 0.0
    assert push(server, sweeps).returncode == 0
    assert contents(server.state) == undisturbed


def test_a_folder_whose_sweep_is_running_is_not_pushed(server, sweeps):
    from fashion_wb.files import locked

    folder = folders(sweeps / "runs")[0]
    with locked(folder.root):
        done = push(server, sweeps)
    assert done.returncode == 1 and "another process" in done.stderr
    assert server.state.runs == {}
