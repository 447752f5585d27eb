"""What is watched: sweeps are found and grouped, and every change is told once."""

from __future__ import annotations

import threading
import time

import pytest
from view_cases import add_trial, fill, new_sweep, read_all

from analysis.view.catalog import study_of, sweep_folders
from analysis.view.watch import Watch
from fashion_wb.files import is_locked, locked
from fashion_wb.study.conditions import write_conditions
from fashion_wb.trial import TrialState


def only(overview):
    (sweep,) = overview["sweeps"]
    return sweep


def test_sweeps_are_found_below_a_folder_but_not_inside_each_other(tmp_path):
    for name in ("a/one", "a/b/two", ".hidden/three"):
        new_sweep(tmp_path / name)
    new_sweep(tmp_path / "a/one/retrain/inner")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in sweep_folders(tmp_path)] == ["a/b/two", "a/one"]
    assert list(sweep_folders(tmp_path, depth=1)) == []


def test_a_study_is_known_by_its_conditions(tmp_path):
    sweep = new_sweep(tmp_path / "study/sweeps/bayes-r0")
    assert study_of(sweep.root, tmp_path) is None
    write_conditions(tmp_path / "study")
    assert study_of(sweep.root, tmp_path) == tmp_path / "study"
    overview = read_all(Watch([tmp_path])).overview()
    assert [(group["name"], group["study"]) for group in overview["groups"]] == [
        (str(tmp_path / "study"), True)
    ]


def test_an_overview_counts_what_the_folder_holds(tmp_path):
    sweep = fill(new_sweep(tmp_path / "s"), 40)
    add_trial(sweep, 40, [0.9, 0.8], TrialState.RUNNING)
    watch = read_all(Watch([tmp_path]))
    overview, trials = watch.overview(), sweep.read_trials()
    found = only(overview)
    for state in TrialState:
        assert found["counts"].get(str(state), 0) == sum(trial.state is state for trial in trials)
    usable = [t for t in trials if t.state in (TrialState.FINISHED, TrialState.STOPPED)]
    best = min(usable, key=lambda trial: sweep.sweep.metric.best(trial.history))
    assert found["best"]["run"] == best.run_id
    assert found["trials"] == 41 and found["cap"] == 60 and found["unread"] == 0
    (running,) = overview["running"]
    assert running["number"] == 40 and running["curve"] == [(1, 0.9), (2, 0.8)] and running["longest"] == 10
    assert all(row["reason"] for row in overview["ended"])


def test_a_maximised_metric_has_its_highest_value_as_the_best(tmp_path):
    sweep = new_sweep(tmp_path / "s", metric={"name": "loss", "goal": "maximize"})
    for number, losses in enumerate(([0.1, 0.7], [0.9, 0.2], [0.3, 0.3])):
        add_trial(sweep, number, losses)
    assert only(read_all(Watch([tmp_path])).overview())["best"]["value"] == 0.9


def test_a_failed_trial_is_never_the_best(tmp_path):
    sweep = new_sweep(tmp_path / "s")
    add_trial(sweep, 0, [1e-9], TrialState.FAILED, reason="diverged")
    add_trial(sweep, 1, [0.5])
    assert only(read_all(Watch([tmp_path])).overview())["best"]["number"] == 1


def test_a_sweep_without_metric_and_one_without_trials_are_shown_too(tmp_path):
    new_sweep(tmp_path / "empty")
    add_trial(new_sweep(tmp_path / "plain", "plain", metric=None), 0)
    overview = read_all(Watch([tmp_path])).overview()
    assert [(one["name"], one["trials"], one["best"]) for one in overview["sweeps"]] == [
        ("bayes-r0", 0, None),
        ("plain", 1, None),
    ]


def test_changes_are_told_once_and_only_for_what_is_asked(tmp_path):
    one, two = fill(new_sweep(tmp_path / "one"), 3), fill(new_sweep(tmp_path / "two"), 3)
    watch = read_all(Watch([tmp_path]))
    keys = {sweep.place: key for key, sweep in watch.sweeps.items()}
    first, second = keys[str(one.root)], keys[str(two.root)]
    before = watch.version
    add_trial(one, 3)
    add_trial(two, 3)
    watch.refresh()
    assert watch.changed_since(before, {first}) == {first: {one.run_id(3)}}
    assert watch.changed_since(before, {first, second}).keys() == {first, second}
    assert watch.changed_since(watch.version, {first, second}) == {}
    assert watch.changed_since(0, {first})[first] == {one.run_id(n) for n in range(4)}


def test_a_sweep_that_runs_holds_its_lock(tmp_path):
    sweep = fill(new_sweep(tmp_path / "s"), 2)
    watch = read_all(Watch([tmp_path]))
    assert only(watch.overview())["running"] is False
    with locked(sweep.root):
        time.sleep(1.1)
        watch.refresh()
        assert only(watch.overview())["running"] is True
        assert is_locked(sweep.root)
    assert not is_locked(sweep.root)
    # Asking has not taken it away from others.
    with locked(sweep.root):
        pass


def test_a_damaged_sweep_is_named_and_the_others_are_shown(tmp_path):
    fill(new_sweep(tmp_path / "good"), 1)
    new_sweep(tmp_path / "bad")
    (tmp_path / "bad" / "sweep.json").write_text("{")
    overview = read_all(Watch([tmp_path])).overview()
    assert len(overview["sweeps"]) == 1
    (trouble,) = overview["troubles"]
    assert "bad/sweep.json: damaged" in trouble


@pytest.mark.parametrize("later", ["a new sweep", "a new trial", "a new value"])
def test_a_listener_hears_of_what_others_write(tmp_path, later):
    sweep = new_sweep(tmp_path / "one")
    log = add_trial(sweep, 0, [0.9, 0.8, 0.7])
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    heard = threading.Event()
    with Watch([tmp_path]) as watch, watch.listening(heard.set):
        while not watch.ready or not watch.sweeps:
            time.sleep(0.01)
        before = watch.version
        heard.clear()
        if later == "a new sweep":
            fill(new_sweep(tmp_path / "two"), 1)
        elif later == "a new trial":
            add_trial(sweep, 1)
        else:
            log.write_bytes(whole)
        assert heard.wait(10) and watch.version > before
