"""Reruns of a search with a user's own program: their outcomes, growth, resumption and refusals."""

from __future__ import annotations

import io
import shutil

import pytest
from sweep_cases import place, run, yaml

from analysis.sources.local import audited_trials
from fashion_wb.errors import FashionWbError
from fashion_wb.executors.slots import Slot
from fashion_wb.offline.reruns import open_reruns, read_reruns
from fashion_wb.offline.run import RunOptions, Session
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.study.audit import plan_audit
from fashion_wb.study.retraining import Retraining, plan_retraining
from fashion_wb.sweep_folder.opening import find_sweep_dirs, read_sweep_dir
from fashion_wb.trial import TrialState

pytestmark = pytest.mark.processes

# Fails on seed 3; takes its values only from its flags.
PROGRAM = """
import os, sys, time
import wandb

flags = dict(part.removeprefix("--").split("=") for part in sys.argv[1:] if "=" in part)
run = wandb.init(config={name: float(value) for name, value in flags.items()})
for step in range(4):
    run.log({"loss": run.config["x"] + 1 / (step + 1)})
    time.sleep(run.config.get("pause", 0))
if "--test" in sys.argv:
    run.summary["test_accuracy"] = run.config["seed"] / 10
if run.config["seed"] == 3:
    sys.exit(4)
run.finish()
"""
HOW = Retraining("seed", ("${env}", "${interpreter}", "${program}", "${args}", "--test"))
SWEEP = yaml("x: {values: [0.5, 0.25, 0.75]}\nseed: {value: 0}", method="grid")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    return searched_in(tmp_path_factory.mktemp("searched"), SWEEP)


@pytest.fixture
def search(searched, tmp_path):
    shutil.copytree(searched.root.parents[1], tmp_path / "copy", symlinks=True)
    return read_sweep_dir(tmp_path / "copy" / "runs" / "sweep")


def searched_in(folder, sweep):
    place(folder, sweep, PROGRAM)
    done = run(folder, "sweep", "sweep.yaml", "--workers", "1")
    assert done.returncode == 0, done.stderr
    return read_sweep_dir(folder / "runs" / "sweep")


def run_all(search, *rerun_sets):
    options = RunOptions(search.root.parents[1], 60.0, slots=(Slot(), Slot()))
    with Session(options, io.StringIO()) as session:
        session.run_reruns(rerun_sets)
    return list(rerun_sets)


def test_the_winner_is_retrained_outside_the_sweep_and_failed_reruns_stay_failed(search):
    (retraining,) = run_all(search, plan_retraining(search, [1, 3], HOW))
    runs = retraining.trials()
    assert {source for source, _ in runs} == {search.run_id(1)}
    assert [trial.config for _, trial in runs] == [{"x": 0.25, "seed": 1}, {"x": 0.25, "seed": 3}]
    assert [trial.state for _, trial in runs] == [TrialState.FINISHED, TrialState.FAILED]
    assert retraining.summary(runs[0][1])["test_accuracy"] == 0.1
    log = read_run_log(retraining.folder.find_log(runs[0][1].run_id))
    assert log.sweep_id == "" and log.exit_code == 0
    assert (log.config["x"], log.config["seed"]) == (0.25, 1)
    # Neither the search nor find_sweep_dirs counts them as trials or sweeps.
    assert len(search.read_trials()) == 3
    assert [found.sweep_id for found in find_sweep_dirs(search.root)] == [search.sweep_id]


def test_with_more_seeds_only_the_missing_reruns_are_trained(search):
    (first,) = run_all(search, plan_retraining(search, [1], HOW))
    before = first.folder.find_log(first.folder.run_id(0)).read_bytes()
    (second,) = run_all(search, plan_retraining(search, [1, 2], HOW))
    assert [trial.config["seed"] for _, trial in second.trials()] == [1, 2]
    assert second.folder.find_log(second.folder.run_id(0)).read_bytes() == before
    # With fewer seeds, all reruns stay.
    assert plan_retraining(search, [1], HOW).configs == second.configs and second.complete


def test_an_interrupted_rerun_is_trained_again(search):
    (reruns,) = run_all(search, plan_retraining(search, [1, 2], HOW))
    reruns.folder.record_outcome(reruns.folder.run_id(1), TrialState.RUNNING)
    assert not read_reruns(search, "retrain").complete
    (again,) = run_all(search, read_reruns(search, "retrain"))
    assert again.complete and [trial.state for _, trial in again.trials()] == [TrialState.FINISHED] * 2


def test_reruns_of_another_configuration_are_refused(search):
    open_reruns(search, "retrain", [("other", {"x": 0.75, "seed": 1})])
    with pytest.raises(FashionWbError, match="holds reruns of other configurations"):
        plan_retraining(search, [1], HOW)


def test_a_damaged_file_of_reruns_is_named(search):
    plan_retraining(search, [1], HOW)
    path = search.root / "retrain" / "followup.json"
    path.write_text("{")
    with pytest.raises(FashionWbError, match=r"followup\.json: damaged"):
        read_reruns(search, "retrain")


def test_the_audit_draws_only_stopped_trials_and_a_larger_count_adds_to_the_draw(search):
    assert plan_audit(search, 5) is None
    for number in (0, 2):
        search.record_outcome(search.run_id(number), TrialState.STOPPED)
    (one,) = plan_audit(search, 1).sources
    both = plan_audit(search, 5).sources
    assert both[0] == one and sorted(both) == [search.run_id(0), search.run_id(2)]
    assert plan_audit(search, 0) is None


@pytest.mark.long
def test_an_audited_trial_is_trained_to_the_end_and_shows_the_cost_of_stopping(tmp_path):
    rule = "early_terminate: {type: hyperband, min_iter: 1, eta: 3, strict: true}\n"
    parameters = "x: {values: [0.25, 0.5, 0.75]}\nseed: {value: 0}\npause: {value: 1.0}"
    search = searched_in(tmp_path, yaml(parameters, method="grid", more=rule))
    assert [trial.state for trial in search.read_trials()] == ["finished", "stopped", "stopped"]
    (audit,) = run_all(search, plan_audit(search, 5))
    assert all(log.summary.get("test_accuracy") is None for log in logs_of(audit))
    records = {record.run: record for record in audited_trials(search)}
    assert set(records) == {search.run_id(1), search.run_id(2)}
    for number, x in ((1, 0.5), (2, 0.75)):
        record, seen = records[search.run_id(number)], len(search.read_trials()[number].history)
        assert (record.steps_saved, record.final) == (4 - seen, x + 1 / 4) and seen < 4


def logs_of(reruns):
    return [read_run_log(reruns.folder.find_log(trial.run_id)) for _, trial in reruns.trials()]


def test_a_search_without_a_result_has_no_winner(search):
    for number in range(3):
        search.record_outcome(search.run_id(number), TrialState.FAILED, "made to fail by this test")
    assert plan_retraining(search, [1], HOW) is None
    assert not (search.root / "retrain").exists()
