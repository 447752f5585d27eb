"""What an agent prints, on a terminal and into a plain log file."""

from __future__ import annotations

import io

import pytest

from fashion_wb.agent.progress import AgentProgress
from fashion_wb.agent.protocol import SweepOnServer
from fashion_wb.agent.stop_signals import StopRequest
from fashion_wb.server.path import WandbPath
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Trial, TrialState

PATH = WandbPath("e", "p", "s")
PARAMETERS = {"x": {"min": 0.0, "max": 1.0}, "fixed": {"value": 0}}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def make_progress(stream, count=None, **config):
    config = {"method": "random", "parameters": PARAMETERS, **config}
    return AgentProgress(SweepOnServer(PATH, make_sweep(config, "mine"), "RUNNING"), count, stream)


def trial(number, state, *losses, reason=""):
    history = tuple({"loss": loss} for loss in losses)
    return Trial(number, f"r{number}", {"x": 0.25, "fixed": 0}, state, history, reason)


@pytest.mark.parametrize(("goal", "best"), [("minimize", 0.5), ("maximize", 0.75)])
def test_each_trial_has_a_line_with_the_best_by_the_sweeps_goal(goal, best):
    stream = io.StringIO()
    progress = make_progress(stream, count=4, metric={"name": "loss", "goal": goal})
    progress.trial_exited(trial(0, TrialState.FINISHED, 0.75, 0.5), 1.25)
    progress.trial_exited(trial(1, TrialState.STOPPED, 0.6), 2.0)
    progress.trial_exited(trial(2, TrialState.FAILED, 0.1, 0.9, reason="was killed by SIGKILL"), 3.0)
    first, second, third = stream.getvalue().splitlines()
    assert first.split() == f"[1/4] r0 finished {best:.4f}* x=0.25 2 logged, 1.2 s".split()
    assert "stopped" in second and f"best {best:.4f}" in second and "*" not in second
    assert "failed" in third and "was killed by SIGKILL" in third and f"best {best:.4f}" in third
    assert progress.summary("http://there").splitlines() == [
        "e/p/s: 1 finished, 1 stopped, 1 failed, by this agent  (http://there)",
        f"Best loss {best:g} in run r0: x=0.25 fixed=0",
    ]
    assert stream.getvalue().replace("\n", "").isprintable()


def test_a_metric_of_zero_counts_and_a_sweep_may_have_no_metric():
    stream = io.StringIO()
    make_progress(stream, metric={"name": "loss"}).trial_exited(trial(0, TrialState.FINISHED, 0.0), 0.0)
    assert "0.0000*" in stream.getvalue() and "no finite" not in stream.getvalue()
    without = make_progress(io.StringIO())
    without.trial_exited(trial(0, TrialState.FINISHED, 0.5), 1.0)
    assert (without.incumbent, without.summary("u")) == (None, "e/p/s: 1 finished, by this agent  (u)")
    assert make_progress(io.StringIO()).summary("u") == "e/p/s: no trials, by this agent  (u)"


def test_a_finished_trial_that_did_not_log_the_metric_gets_a_note():
    stream = io.StringIO()
    progress = make_progress(stream, metric={"name": "loss"})
    progress.trial_exited(trial(0, TrialState.FINISHED, float("nan")), 1.0)
    assert "logged no finite loss" in stream.getvalue() and progress.incumbent is None


def test_the_status_line_appears_on_a_terminal_only():
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        progress = make_progress(stream, metric={"name": "loss"})
        progress.trial_exited(trial(0, TrialState.FINISHED, 0.5), 1.0)
        progress.refresh(["r1", "r2"])
        progress.stopping(StopRequest.STOP_TRIALS, 2)
    assert "\r\x1b[K[1]  running r1, r2  best 0.5000" in terminal.getvalue()
    assert "\r" not in log.getvalue() and "running r1" not in log.getvalue()
    assert (
        "Stopping 2 running trials;" in terminal.getvalue() and "Stopping 2 running trials;" in log.getvalue()
    )
