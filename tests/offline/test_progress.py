"""What sweeps print while they run, on a terminal and in a log file."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from fashion_wb.early_stop import Stop
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.progress import Progress, format_duration, format_searched
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.offline.spending.budget import StepBudget
from fashion_wb.search.protocol import NoPruner
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Trial, TrialState

PARAMETERS = {"x": {"min": 0.0, "max": 1.0}, "fixed": {"value": 0}}
SWEEP = make_sweep({"method": "random", "metric": {"name": "loss"}, "parameters": PARAMETERS}, "mine")

STOP = Stop("loss", rung=1, value=0.75, threshold=0.5, compared=2, eta=3)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def runner(tmp_path):
    folder = open_sweep_dir(tmp_path, SWEEP, seed=0)
    return SweepRunner(folder, OngoingSearch(None, NoPruner(), cap=4, parallel=1), cwd=tmp_path, patience=1.0)


def trial(number, state, loss=None, reason="", stop=None):
    history = () if loss is None else ({"loss": loss, "_runtime": 2.5},)
    return Trial(number, f"r-{number}", {"x": 0.25, "fixed": 0}, state, history, reason, stop)


def lines(runner, stream, *trials):
    progress = Progress([runner], stream=stream)
    progress.refresh()
    for one in trials:
        runner.trials.append(one)
        progress.trial_ended(runner, one)
    return stream.getvalue()


def test_a_log_file_gets_one_line_per_trial_and_no_control_characters(runner):
    text = lines(
        runner,
        io.StringIO(),
        trial(0, TrialState.FINISHED, 0.5),
        trial(1, TrialState.STOPPED, 0.75, STOP.sentence, STOP),
        trial(2, TrialState.FAILED, reason="was killed by SIGKILL"),
    )
    first, second, third = text.splitlines()
    assert (
        first.startswith("[1/4]  mine") and "finished" in first and "0.5000*" in first and "x=0.25" in first
    )
    assert "fixed" not in text and "left" in first
    assert "stopped" in second and "0.7500 " in second and "best 0.5000" in second
    assert "  value 1: 0.75, limit 0.5 (best of 2)  " in second
    assert "failed" in third and "was killed by SIGKILL" in third
    assert text.isprintable() or set(text) - set("\n") == {c for c in text if c.isprintable()}


def test_with_a_budget_in_steps_the_lines_count_steps(runner):
    runner.search.budget = StepBudget(12, 3, "loss")
    text = lines(
        runner, io.StringIO(), trial(0, TrialState.FINISHED, 0.5), trial(1, TrialState.STOPPED, 0.75)
    )
    assert [line.partition("]")[0] for line in text.splitlines()] == ["[ 1/12 steps", "[ 2/12 steps"]
    assert "left" in text


def test_lines_of_several_searches_are_aligned_in_columns(tmp_path):
    runners = []
    for name in ("bayes-r0", "tpe-hyperband-r10 retrain"):
        folder = open_sweep_dir(tmp_path / name, make_sweep({**SWEEP.config, "name": name}, name), seed=0)
        runners.append(
            SweepRunner(
                folder, OngoingSearch(None, NoPruner(), cap=4, parallel=1), cwd=tmp_path, patience=1.0
            )
        )
    stream = io.StringIO()
    progress = Progress(runners, stream=stream)
    for runner in runners:
        progress.trial_ended(runner, trial(0, TrialState.FINISHED, 0.5))
    first, second = stream.getvalue().splitlines()
    assert first.index("finished") == second.index("finished")


def test_the_last_line_has_no_time_left_and_an_interrupted_trial_does_not_count(runner):
    text = lines(runner, io.StringIO(), *(trial(n, TrialState.FINISHED, 1.0) for n in range(4)))
    assert "left" not in text.splitlines()[-1]
    runner.trials[3] = replace(runner.trials[3], state=TrialState.RUNNING)
    again = io.StringIO()
    Progress([runner], again).trial_ended(runner, runner.trials[3])
    assert again.getvalue().startswith("[3/4]") and "interrupted" in again.getvalue()


def test_a_terminal_gets_a_status_line_that_is_removed(runner):
    text = lines(runner, Terminal(), trial(0, TrialState.FINISHED, 0.5))
    assert "\r" in text and "running nothing" in text
    assert text.endswith("left\n")
    again = Terminal()
    Progress([runner], again).refresh()
    assert "best mine 0.5000" in again.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (91, "2 min"), (3600, "60 min"), (7500, "2 h 05 min")]
)
def test_a_length_of_time_is_formatted_in_suitable_units(seconds, text):
    assert format_duration(seconds) == text


def test_a_searched_value_of_zero_is_shown():
    assert format_searched({"x": {"values": [0, 1]}}, {"x": 0}) == "x=0"
    nested = {"a": {"parameters": {"x": {"min": 0, "max": 1}, "y": {"value": 2}}}}
    assert format_searched(nested, {"a": {"x": 0.123456, "y": 2}}) == "a.x=0.1235"
