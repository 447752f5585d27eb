"""What a sweep records of trials whose machines are gone, and which trials it takes for hung."""

from __future__ import annotations

import signal

import pytest

from fashion_wb.executors.protocol import Exited, Lost
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.runner import SweepRunner
from fashion_wb.search.factory import make_search
from fashion_wb.sweep_folder.attempts import read_attempts
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import TrialState

CONFIG = {
    "command": ["true"],
    "method": "random",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"x": {"min": 0.0, "max": 1.0}},
}


class Elsewhere:
    """Takes what is started; what happens to it is told to the runner."""

    def __init__(self):
        self.attempts = []
        self.signals = []

    def start(self, launch):
        self.attempts.append(launch.attempt)

    def signal(self, key, number):
        self.signals.append(number)


@pytest.fixture
def runner(tmp_path):
    sweep = make_sweep(CONFIG, "sweep")
    folder = open_sweep_dir(tmp_path / "sweep", sweep, seed=1)
    sampler, pruner = make_search(sweep, folder.sweep_id, seed=1)
    return SweepRunner(folder, OngoingSearch(sampler, pruner, 1, 1), cwd=tmp_path, patience=60)


def lose(runner, executor, **how):
    assert runner.can_start() and runner.start_next(executor)
    (run_id,) = runner.running
    return runner.record_loss(Lost(run_id, "the node broke"), **how)


def test_a_trial_is_lost_three_times_at_most(runner):
    executor = Elsewhere()
    states = [lose(runner, executor).state for _ in range(3)]
    assert states == [TrialState.RUNNING, TrialState.RUNNING, TrialState.FAILED]
    assert executor.attempts == [1, 2, 3] and not runner.can_start()
    assert "was lost 3 times (the node broke; the node broke; the node broke)" in runner.trials[0].reason


def test_a_trial_that_machines_hand_back_when_they_leave_starts_again_however_often(runner):
    executor = Elsewhere()
    assert {lose(runner, executor, counts=False).state for _ in range(5)} == {TrialState.RUNNING}
    assert executor.attempts == [1, 2, 3, 4, 5]
    attempts = read_attempts(runner.folder, runner.trials[0].run_id)
    assert (attempts.started, attempts.losses) == (5, ())


@pytest.fixture
def clock(monkeypatch):
    """The time that the runner sees, in seconds, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_trial_that_logs_nothing_is_killed_when_patience_is_over(clock, runner):
    executor = Elsewhere()
    runner.start_next(executor)
    for _ in range(7):
        runner.watch(executor, ())
        assert executor.signals == []
        clock[0] += 10
    runner.watch(executor, ())
    assert executor.signals == [signal.SIGTERM]


def test_a_pause_of_the_whole_sweep_is_not_held_against_its_trials(clock, runner):
    executor = Elsewhere()
    runner.start_next(executor)
    clock[0] += 10
    runner.watch(executor, ())
    # Ctrl-Z, and fg an hour later.
    clock[0] += 3600
    for _ in range(6):
        runner.watch(executor, ())
        assert executor.signals == []
        clock[0] += 10
    runner.watch(executor, ())
    assert executor.signals == [signal.SIGTERM]


def test_a_trial_that_runs_too_long_is_killed_counted_from_the_start_of_its_process(clock, runner):
    executor, runner.timeout = Elsewhere(), 25
    runner.start_next(executor)
    (run_id,) = runner.running
    for second in range(0, 60, 10):
        # Until its machine says that the process starts, the trial waits and its time has not begun.
        if second == 30:
            runner.record_start(run_id)
        runner.watch(executor, ())
        assert executor.signals == []
        clock[0] += 10
    runner.watch(executor, ())
    assert executor.signals == [signal.SIGTERM]
    recorded = runner.folder.outcome(run_id)
    assert recorded.reason == "ran longer than 25 s (--trial-timeout) and was killed"


def test_a_pause_of_the_whole_sweep_does_not_count_as_a_trials_time(clock, runner):
    executor, runner.timeout = Elsewhere(), 25
    runner.start_next(executor)
    runner.record_start(*runner.running)
    for pause in (10, 40, 10):
        clock[0] += pause
        runner.watch(executor, ())
        assert executor.signals == []
    clock[0] += 10
    runner.watch(executor, ())
    assert executor.signals == [signal.SIGTERM]


def test_a_trial_that_starts_again_has_its_time_again(clock, runner):
    executor, runner.timeout = Elsewhere(), 25
    for _ in range(2):
        runner.start_next(executor)
        (run_id,) = runner.running
        runner.record_start(run_id)
        clock[0] += 12
        runner.watch(executor, ())
        clock[0] += 12
        runner.watch(executor, ())
        runner.record_loss(Lost(run_id, "the node broke"))
    assert executor.signals == []


def test_a_trial_killed_for_its_memory_fails_with_that_reason_and_counts_for_its_machine(runner):
    runner.start_next(Elsewhere())
    (run_id,) = runner.running
    ended = runner.record_exit(Exited(run_id, -9, "used 3 GiB of memory, above its limit of 2 GiB", "n1"))
    assert (ended.state, ended.reason) == (
        TrialState.FAILED,
        "used 3 GiB of memory, above its limit of 2 GiB",
    )
    assert runner.folder.outcome(run_id).reason == ended.reason
