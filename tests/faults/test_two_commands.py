"""Two commands that want the same sweep at the same time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from push_cases import FAST, PROJECT
from standin_client import run_client
from standin_server import Server
from surroundings_cases import (
    SWEEP,
    assert_one_message,
)
from sweep_cases import environment, place, run, trials, yaml
from warm_cli import Command

pytestmark = pytest.mark.processes

SECTION = "Bad surroundings"
TWO = pytest.mark.fault(
    SECTION,
    "Two commands on one sweep",
    made="while a sweep runs, the same sweep is started again, pushed and asked for a trial",
    promised="the second command ends after 5 s with a message; the first is not disturbed",
)


@pytest.mark.long
@TWO
def test_two_controllers_cannot_share_a_folder(tmp_path, fault):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\nsteps: {value: 1000}\npause: {value: 0.1}"))
    process = Command(list(SWEEP), tmp_path, environment())
    try:
        wait_for_rows(tmp_path, process)
        with Server() as server:
            second = [
                run(tmp_path, *SWEEP),
                run_client(server.url, tmp_path, "push", "runs", "--project", PROJECT, **FAST),
                run(tmp_path, "ask", "runs/sweep"),
            ]
            assert server.state.runs == {}
        for done in second:
            assert_one_message(done, "another process is running this sweep")
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    fault.observed(f"{len(second)} of {len(second)} second commands refused; the sweep went on")


def wait_for_rows(folder: Path, process: Command) -> None:
    deadline = time.monotonic() + 120
    while (
        not list(folder.glob("runs/sweep/wandb/offline-run-*/run-*.wandb")) or not trials(folder)[0].history
    ):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
