"""A study with replicates, end to end: replicates added later, retrained winners, audited trials."""

from __future__ import annotations

import csv
import json
import signal
import time

import pytest
from sweep_cases import environment, run
from warm_cli import Command

from analysis.sources.local import audited_trials, retrained_winner, search_record
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.study.plan import retrain_seed
from fashion_wb.sweep_folder.opening import find_sweep_dirs
from fashion_wb.trial import TrialState

pytestmark = [pytest.mark.processes, pytest.mark.long]

LIMIT = {"FASHION_WB_LIMIT": "200"}
STUDY = ["study", "--methods", "random,hyperband", "--trials", "4", "--epochs", "3", "--workers", "2"]


@pytest.fixture(scope="module")
def grown(tmp_path_factory, data_dir):
    """Run a study of one replicate, then add a second replicate to it."""
    folder = tmp_path_factory.mktemp("grown")
    for replicates in ("1", "2"):
        done = run(folder, *STUDY, "--replicates", replicates, "--out", "out", **LIMIT)
        assert done.returncode == 0, done.stderr
    return folder


def searches(folder):
    return find_sweep_dirs(folder / "out")


def curves(folder):
    """Return each trial's configuration, outcome and losses, without what differs between runs."""
    return {
        search.sweep.name: [
            (dict(trial.config), trial.state, [row["valid_loss"] for row in trial.history])
            for trial in search.read_trials()
        ]
        for search in searches(folder)
    }


def test_replicates_added_later_equal_those_of_a_study_that_started_with_them(grown, tmp_path, data_dir):
    done = run(
        tmp_path, *STUDY, "--replicates", "2", "--retrain-seeds", "0", "--audit", "0", "--out", "out", **LIMIT
    )
    assert done.returncode == 0, done.stderr
    once, later = curves(tmp_path), curves(grown)
    names = ["hyperband-r0", "hyperband-r1", "random-r0", "random-r1"]
    assert sorted(once) == sorted(later) == names
    # Epochs of a few milliseconds: when a trial is stopped varies, but its configuration does not.
    assert once["random-r0"] == later["random-r0"] and once["random-r1"] == later["random-r1"]
    for name in names:
        assert [config for config, _, _ in once[name]] == [config for config, _, _ in later[name]]
    # By priority: no trial of replicate 1 is proposed before all of replicate 0.
    times = {
        search.sweep.name: [path.stat().st_mtime for path in search.proposals.glob("config-*.yaml")]
        for search in searches(tmp_path)
    }
    assert max(times["random-r0"]) < min(times["random-r1"])


def test_the_trials_table_has_a_column_for_the_replicate(grown):
    with (grown / "out" / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["method"], row["replicate"]) for row in rows} == {
        (method, replicate) for method in ("random", "hyperband") for replicate in "01"
    }
    assert len(rows) == 16


def test_the_same_command_again_trains_nothing(grown):
    before = sorted(path for path in grown.rglob("*.wandb"))
    done = run(grown, *STUDY, "--replicates", "2", "--out", "out", **LIMIT)
    assert done.returncode == 0 and "Starting:" not in done.stderr
    assert sorted(path for path in grown.rglob("*.wandb")) == before


def test_each_winner_is_retrained_on_fresh_seeds_and_only_then_tested(grown):
    for search in searches(grown):
        record, trials = retrained_winner(search, ["test_accuracy"]), search.read_trials()
        ended = [t for t in trials if t.state in (TrialState.FINISHED, TrialState.STOPPED)]
        chosen = min(ended, key=lambda t: search.sweep.metric.best(t.history))
        assert record.reported == search.sweep.metric.best(chosen.history)
        assert (record.method, record.replicate) == (search_record(search).method, int(search.root.name[-1]))
        assert record.seeds == tuple(retrain_seed(0, record.replicate, number) for number in range(3))
        logs = [
            read_run_log(path) for path in sorted(search.root.glob("retrain/wandb/offline-run-*/run-*.wandb"))
        ]
        assert [log.summary["test_accuracy"] for log in logs] == list(record.measured["test_accuracy"])
        assert [min(row["valid_loss"] for row in log.history) for log in logs] == list(record.retrained)
        for log in logs:
            assert log.sweep_id == "" and len(log.history) == 3
            assert {name: log.config[name] for name in chosen.config if name != "seed"} == {
                name: value for name, value in chosen.config.items() if name != "seed"
            }
        for path in search.root.glob("wandb/offline-run-*/run-*.wandb"):
            assert not any(key.startswith("test_") for key in read_run_log(path).summary)


def test_stopped_trials_are_trained_to_the_end(grown):
    found = {search.sweep.name: (search, audited_trials(search)) for search in searches(grown)}
    assert found["random-r0"][1] == found["random-r1"][1] == []
    for search, records in found.values():
        trials = {trial.run_id: trial for trial in search.read_trials()}
        stopped = [trial for trial in trials.values() if trial.state is TrialState.STOPPED]
        assert len(records) == min(2, len(stopped))
        for record, path in zip(
            records, sorted(search.root.glob("audit/wandb/offline-run-*/run-*.wandb")), strict=True
        ):
            log, before = read_run_log(path), trials[record.run].history
            losses = [row["valid_loss"] for row in log.history]
            # With the same seed the losses are the same up to the epoch at which it was stopped.
            assert losses[: len(before)] == [row["valid_loss"] for row in before]
            assert record.steps_saved == 3 - len(before)
            assert record.final == min(losses) and len(losses) == 3
            assert not any(key.startswith("test_") for key in log.summary)


def test_a_study_killed_while_retraining_resumes(tmp_path, data_dir):
    arguments = ["study", "--methods", "random", "--trials", "1", "--epochs", "20", "--out", "out"]
    process = Command(arguments, tmp_path, environment(FASHION_WB_LIMIT="500"))
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("out/sweeps/random-r0/retrain/wandb/offline-run-*/run-*.wandb")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = run(tmp_path, *arguments, FASHION_WB_LIMIT="500")
    assert done.returncode == 0, done.stderr
    (search,) = searches(tmp_path)
    assert len(retrained_winner(search).seeds) == 3
    assert len(list(search.root.glob("retrain/wandb/offline-run-*"))) == 3


def test_a_budget_in_steps_is_not_exceeded(tmp_path, data_dir):
    done = run(
        tmp_path,
        *["study", "--methods", "random,hyperband", "--epochs", "3", "--budget-steps", "13"],
        *["--retrain-seeds", "0", "--audit", "0", "--workers", "1", "--out", "out"],
        **LIMIT,
    )
    assert done.returncode == 0, done.stderr
    spent = {}
    for search in searches(tmp_path):
        trials = search.read_trials()
        assert all(trial.state.ended for trial in trials)
        spent[search.sweep.name] = (len(trials), sum(len(trial.history) for trial in trials))
    assert spent["random-r0"] == (4, 12)
    # How many of these short trials are stopped in time varies.
    assert spent["hyperband-r0"][0] >= 4 and 10 < spent["hyperband-r0"][1] <= 13
    assert json.loads((tmp_path / "out" / "conditions.json").read_text())["budget"] == {"steps": 13}
    assert "/26 steps]" in done.stderr
    done = run(tmp_path, "study", "--methods", "random", "--epochs", "3", "--trials", "4", "--out", "out")
    assert done.returncode == 1 and "holds a study with a budget of 13 steps, not 4 trials" in done.stderr
