"""What a user of an agent sees, in a terminal and in a plain log."""

from __future__ import annotations

import io

import pytest

from fashion_wb.agent.protocol import SweepOnServer
from fashion_wb.agent.report import Report
from fashion_wb.agent.stops import Stop
from fashion_wb.server.path import WandbPath
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Trial, TrialState

PATH = WandbPath("e", "p", "s")
PARAMETERS = {"x": {"min": 0.0, "max": 1.0}, "fixed": {"value": 0}}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def report(stream, count=None, **config):
    config = {"method": "random", "parameters": PARAMETERS, **config}
    return Report(SweepOnServer(PATH, make_sweep(config, "mine"), "RUNNING"), count, stream)


def trial(number, state, *losses, reason=""):
    history = tuple({"loss": loss} for loss in losses)
    return Trial(number, f"r{number}", {"x": 0.25, "fixed": 0}, state, history, reason)


@pytest.mark.parametrize(("goal", "best"), [("minimize", 0.5), ("maximize", 0.75)])
def test_a_line_a_trial_and_the_best_by_the_sweeps_goal(goal, best):
    stream = io.StringIO()
    shown = report(stream, count=4, metric={"name": "loss", "goal": goal})
    shown.trial_ended(trial(0, TrialState.FINISHED, 0.75, 0.5), 1.25)
    shown.trial_ended(trial(1, TrialState.STOPPED, 0.6), 2.0)
    shown.trial_ended(trial(2, TrialState.FAILED, 0.1, 0.9, reason="was killed by SIGKILL"), 3.0)
    first, second, third = stream.getvalue().splitlines()
    assert first.split() == f"[1/4] r0 finished {best:.4f}* x=0.25 2 logged, 1.2 s".split()
    assert "stopped" in second and f"best {best:.4f}" in second and "*" not in second
    assert "failed" in third and "was killed by SIGKILL" in third and f"best {best:.4f}" in third
    assert shown.summary("http://there").splitlines() == [
        "e/p/s: 1 finished, 1 stopped, 1 failed, by this agent  (http://there)",
        f"Best loss {best:g} in run r0: x=0.25 fixed=0",
    ]
    assert stream.getvalue().replace("\n", "").isprintable()


def test_a_metric_of_zero_is_a_value_and_a_sweep_may_have_none():
    stream = io.StringIO()
    report(stream, metric={"name": "loss"}).trial_ended(trial(0, TrialState.FINISHED, 0.0), 0.0)
    assert "0.0000*" in stream.getvalue() and "no finite" not in stream.getvalue()
    without = report(io.StringIO())
    without.trial_ended(trial(0, TrialState.FINISHED, 0.5), 1.0)
    assert (without.best, without.summary("u")) == (None, "e/p/s: 1 finished, by this agent  (u)")
    assert report(io.StringIO()).summary("u") == "e/p/s: no trials, by this agent  (u)"


def test_a_finished_trial_that_did_not_log_the_metric_is_noted():
    stream = io.StringIO()
    shown = report(stream, metric={"name": "loss"})
    shown.trial_ended(trial(0, TrialState.FINISHED, float("nan")), 1.0)
    assert "logged no finite loss" in stream.getvalue() and shown.best is None


def test_a_terminal_has_a_line_that_moves_and_a_plain_log_has_none():
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        shown = report(stream, metric={"name": "loss"})
        shown.trial_ended(trial(0, TrialState.FINISHED, 0.5), 1.0)
        shown.refresh(["r1", "r2"])
        shown.stopping(Stop.END_TRIALS, 2)
    assert "\r\x1b[K[1]  running r1, r2  best 0.5000" in terminal.getvalue()
    assert "\r" not in log.getvalue() and "running r1" not in log.getvalue()
    assert "Ending 2 running trials;" in terminal.getvalue() and "Ending 2 running trials;" in log.getvalue()
