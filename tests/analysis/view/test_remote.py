"""Projects on W&B's server in the live page: the real client against the stand-in server."""

from __future__ import annotations

import re
import signal
import subprocess
import time

import pytest
from standin_cases import PROJECT, add_run, add_sweep
from standin_client import client_environment
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import COMMAND
from view_cases import fill, get_json, new_sweep, ready

pytestmark = pytest.mark.processes
PATH = f"{ENTITY}/{PROJECT}"


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


def start(server, home, *sources):
    return subprocess.Popen(
        [*COMMAND, "view", *sources, "--no-browser"],
        cwd=home,
        env=client_environment(server.url, home),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process):
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0 and "Traceback" not in errors, errors


def address_of(process):
    for line in process.stderr:
        if found := re.search(r"http://127\S+/", line):
            return found[0]
    raise AssertionError("it printed no address")


@pytest.mark.long
def test_a_project_is_shown_beside_a_folder_and_pulled_again(server, tmp_path):
    sweep = add_sweep(server.state)
    add_run(server.state, sweep, "a", [0.9, 0.5, 0.6])
    add_run(server.state, sweep, "b", [0.8], "running", None)
    fill(new_sweep(tmp_path / "local"), 3)
    process = start(server, tmp_path, PATH, "local")
    try:
        overview = ready(address := address_of(process))
        found = {one["place"].rpartition("/")[2]: one for one in overview["sweeps"]}
        assert found[sweep]["counts"] == {"finished": 1, "running": 1}
        assert found[sweep]["best"]["value"] == 0.5 and found[sweep]["running"] is True
        assert found["local"]["trials"] == 3
        assert [row["run"] for row in overview["running"]] == ["b"]
        assert {group["name"] for group in overview["groups"]} == {PATH, str(tmp_path / "local")}
        detail = get_json(f"{address}api/trial/{found[sweep]['key']}/a")
        assert detail["curves"]["valid_loss"] == [[1, 0.9], [2, 0.5], [3, 0.6]] and detail["files"] == []
        scope = get_json(f"{address}api/scope/{found[sweep]['key']}")
        assert {"history", "learning-curves", "timeline"} <= set(scope["figures"])
        add_run(server.state, sweep, "c", [0.3])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            sweeps = get_json(f"{address}api/overview")["sweeps"]
            if any(one["best"] and one["best"]["value"] == 0.3 for one in sweeps):
                break
            time.sleep(0.5)
        else:
            raise AssertionError("the new run does not appear")
    finally:
        end(process)


def test_a_project_that_is_not_there_is_named(server, tmp_path):
    process = start(server, tmp_path, f"{ENTITY}/nothing")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and errors.startswith("Error: ") and "nothing" in errors
    assert "Traceback" not in errors
