"""A sweep's folder, followed while it grows: in the end it reads as if it had been read at once."""

from __future__ import annotations

import os
import random

import pytest
from view_cases import STARTED, add_trial, fill, new_sweep

from fashion_wb.early_stop import Stop
from fashion_wb.sweep_folder import following
from fashion_wb.sweep_folder.following import FollowedSweep
from fashion_wb.trial import TrialState


def seen(followed):
    """The trials as the followed folder has them, by number."""
    return sorted((one.trial for one in followed.trials.values()), key=lambda trial: trial.number)


def told(trial):
    rows = [(row["loss"], row["epoch"], row["_runtime"]) for row in trial.history]
    return trial.number, trial.run_id, dict(trial.config), trial.state, trial.reason, trial.stop, rows


def same_as_read_at_once(followed, sweep):
    return [told(one) for one in seen(followed)] == [told(one) for one in sweep.read_trials()]


def test_every_kind_of_trial_is_read_as_the_folder_reads_it(tmp_path):
    sweep = fill(new_sweep(tmp_path), 40)
    add_trial(sweep, 40, [0.9], TrialState.RUNNING)
    followed = FollowedSweep(sweep)
    assert len(followed.refresh()) == 41
    assert {one.trial.state for one in followed.trials.values()} == set(TrialState)
    assert same_as_read_at_once(followed, sweep)
    assert followed.refresh() == set()


def test_a_log_that_grows_byte_by_byte_gives_each_row_once(tmp_path):
    sweep = new_sweep(tmp_path)
    log = add_trial(sweep, 0, [0.9, 0.7, 0.8, 0.4])
    whole, followed, lengths = log.read_bytes(), FollowedSweep(sweep), []
    for size in range(len(whole) + 1):
        log.write_bytes(whole[:size])
        if followed.refresh():
            lengths.append(len(seen(followed)[0].history))
        else:
            assert lengths and len(seen(followed)[0].history) == lengths[-1]
    # The trial and its start, four rows, and the end.
    assert sorted(set(lengths)) == [0, 1, 2, 3, 4] and lengths == sorted(lengths)
    assert seen(followed)[0].state is TrialState.FINISHED
    assert same_as_read_at_once(followed, sweep)


@pytest.mark.parametrize("seed", range(5))
def test_however_it_is_interleaved_the_end_is_the_same(tmp_path, seed):
    sweep, chance = new_sweep(tmp_path), random.Random(seed)
    followed = FollowedSweep(sweep)
    for number in range(12):
        log = add_trial(sweep, number, [chance.random() for _ in range(chance.randint(1, 6))])
        whole = log.read_bytes()
        for size in sorted(chance.sample(range(len(whole)), 3)):
            log.write_bytes(whole[:size])
            followed.refresh(until=0.0)
        log.write_bytes(whole)
    while followed.refresh() or followed.unread:
        pass
    assert same_as_read_at_once(followed, sweep)


def test_a_trial_that_is_stopped_while_it_runs_says_why(tmp_path):
    sweep = new_sweep(tmp_path)
    add_trial(sweep, 0, [0.9, 0.8], TrialState.RUNNING)
    followed = FollowedSweep(sweep)
    followed.refresh()
    assert seen(followed)[0].state is TrialState.RUNNING
    stop = Stop("loss", 2, 0.8, 0.5, 9, 3)
    sweep.record_outcome(sweep.run_id(0), TrialState.STOPPED, stop.sentence, stop)
    assert followed.refresh() == {sweep.run_id(0)}
    (trial,) = seen(followed)
    assert (
        trial.state is TrialState.STOPPED and trial.stop == stop and "0.8 is worse than 0.5" in trial.reason
    )


@pytest.mark.parametrize("started", [STARTED, STARTED + 9], ids=["within a second", "later"])
def test_a_trial_that_runs_again_starts_anew(tmp_path, started):
    sweep = new_sweep(tmp_path)
    add_trial(sweep, 0, [0.9, 0.8, 0.7], TrialState.RUNNING)
    followed = FollowedSweep(sweep)
    followed.refresh()
    sweep.set_aside(sweep.run_id(0))
    add_trial(sweep, 0, [0.6], config=dict(seen(followed)[0].config), started=started)
    assert followed.refresh() == {sweep.run_id(0)}
    assert [row["loss"] for row in seen(followed)[0].history] == [0.6]
    assert same_as_read_at_once(followed, sweep)


def test_a_damaged_log_fails_its_trial_and_a_damaged_configuration_is_named(tmp_path):
    sweep = fill(new_sweep(tmp_path), 3)
    log = add_trial(sweep, 3, [0.5, 0.4], TrialState.RUNNING)
    log.write_bytes(b"not a run log at all")
    add_trial(sweep, 4)
    sweep.config_file(sweep.run_id(4)).write_text("{")
    followed = FollowedSweep(sweep)
    followed.refresh()
    assert followed.trials[sweep.run_id(3)].trial.state is TrialState.FAILED
    assert "not a W&B run log" in followed.trials[sweep.run_id(3)].trial.reason
    assert list(followed.troubles) == [sweep.run_id(4)]
    assert "damaged" in followed.troubles[sweep.run_id(4)]
    assert len(followed.trials) == 4


def test_the_newest_trials_are_read_first_and_time_limits_the_rest(tmp_path):
    sweep = fill(new_sweep(tmp_path), 10)
    followed = FollowedSweep(sweep)
    assert followed.refresh(until=0.0) == {sweep.run_id(9)}
    assert followed.unread == 9
    assert followed.refresh(until=0.0) == {sweep.run_id(8)}


def test_nothing_is_written(tmp_path):
    sweep = fill(new_sweep(tmp_path), 5)
    add_trial(sweep, 5, [0.9], TrialState.RUNNING)

    def snapshot():
        return {
            path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
            for path in [tmp_path, *tmp_path.rglob("*")]
        }

    before = snapshot()
    followed = FollowedSweep(sweep)
    followed.refresh()
    followed.refresh()
    assert snapshot() == before


def test_ended_trials_are_not_looked_at_again(tmp_path, monkeypatch):
    sweep = fill(new_sweep(tmp_path), 6)
    # Long ago, so that the folders' times of change are known to be final.
    for folder in (sweep.proposals, sweep.root / "wandb"):
        os.utime(folder, (1e9, 1e9))
    followed = FollowedSweep(sweep)
    followed.refresh()

    def refuse(*arguments):
        raise AssertionError("looked again")

    monkeypatch.setattr(following.os, "scandir", refuse)
    monkeypatch.setattr(following, "_size", refuse)
    assert followed.refresh() == set()
