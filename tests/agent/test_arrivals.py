"""At its end an agent makes sure that the server has what its trials logged."""

from __future__ import annotations

import pytest
from agent_cases import add_sweep, agent, grid, is_complete, runs_of
from standin_faults import Fault, Faults
from standin_server import Server

pytestmark = pytest.mark.processes


@pytest.fixture
def server():
    with Server() as server:
        yield server
        assert server.state.problems == []


class First(Faults):
    """Hits the first request of one name."""

    def __init__(self, kind, name):
        super().__init__()
        self.kind, self.name = kind, name

    def draw(self, name):
        fault = self.kind if name == self.name else Fault.NONE
        self.name = None if name == self.name else self.name
        self.seen[fault] += 1
        return fault


@pytest.mark.long
def test_rows_that_did_not_arrive_are_sent_again(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(2))
    server.state.gone_after["sweep1-0000"] = 0  # after the 404, wandb sends no more and says nothing
    done = agent(server, tmp_path, path)
    assert done.returncode == 0, done.stderr
    assert server.state.gone_after == {} and "sweep1: 1 runs sent" in done.stderr
    runs = runs_of(server, path)
    assert [(run.state, run.exit_code, len(run.history)) for run in runs] == [("finished", 0, 3)] * 2
    assert all(map(is_complete, runs))


@pytest.mark.parametrize("kind", [Fault.LOST, Fault.DOUBLED, Fault.CUT])
def test_a_run_that_was_handed_out_in_a_lost_answer_is_named(server, tmp_path, kind):
    path = add_sweep(server, tmp_path, grid(2))
    server.faults = First(kind, "Heartbeat")
    done = agent(server, tmp_path, path)
    assert done.returncode == 0, done.stderr
    assert [run.state for run in runs_of(server, path)] == ["crashed", "finished"]
    assert "W&B handed out sweep1-0000, and no agent started it" in done.stderr
    assert server.faults.seen[kind] == 1


def test_runs_that_log_offline_are_left_alone(server, tmp_path):
    path = add_sweep(server, tmp_path, grid(1))
    done = agent(server, tmp_path, path, WANDB_MODE="offline")
    assert done.returncode == 0, done.stderr
    assert "sent" not in done.stderr and runs_of(server, path)[0].history == []
