"""A study of a user's own sweep, end to end: budgets, seeds, methods that do not fit, winners measured."""

from __future__ import annotations

import json
import signal
import time

import pytest
from sweep_cases import environment, place, run, yaml
from warm_cli import Command

from fashion_wb.offline.reruns import read_reruns
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.study.plan import retrain_seed, training_seed
from fashion_wb.sweep_folder.opening import find_sweep_dirs

pytestmark = pytest.mark.processes

# `noise` is the only flag; everything else comes from wandb.config alone, as in most programs.
PROGRAM = """
import argparse, time
import wandb

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--noise", type=int, default=0)
    parser.add_argument("--final", action="store_true")
    flags, _ = parser.parse_known_args()
    run = wandb.init()
    for step in range(run.config.get("epochs", 3)):
        run.log({"loss": (run.config.opt["x"] - 0.3) ** 2 + flags.noise % 7 / 1000 + 1 / (step + 1)})
        run.log({"train": 0.5})
        time.sleep(run.config.get("pause", 0))
    if flags.final:
        run.summary["held_out"] = run.config.opt["x"]
"""
NESTED = "opt: {parameters: {x: {min: 0.0, max: 1.0}, kind: {values: [a, b]}}}"
OUT = ("--out", "out", "--workers", "2", "--audit", "0")


def study(folder, *options, **env):
    return run(folder, "study", "sweep.yaml", *OUT, *options, **env)


def searches(folder):
    return {search.sweep.name: search for search in find_sweep_dirs(folder / "out")}


def conditions(folder):
    return json.loads((folder / "out" / "conditions.json").read_text())


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studied")
    place(folder, yaml(NESTED), PROGRAM)
    options = (
        *("--methods", "random,optuna,hyperband", "--skip-unsuitable", "--seed-parameter", "noise"),
        *("--replicates", "2", "--trials", "3", "--retrain-seeds", "2", "--final-metric", "held_out,absent"),
        *("--final-command", "${env} ${interpreter} ${program} --final ${args}"),
    )
    done = study(folder, *options)
    assert done.returncode == 0, done.stderr
    return folder, options, done


def test_a_method_that_does_not_fit_is_refused_or_left_out_and_named(studied, tmp_path):
    folder, _, done = studied
    assert "Left out: optuna cannot search this space: parameters.opt" in done.stderr
    assert set(searches(folder)) == {"random-r0", "random-r1", "hyperband-r0", "hyperband-r1"}
    place(tmp_path, yaml(NESTED), PROGRAM)
    refused = study(tmp_path, "--methods", "random,optuna,grid")
    assert refused.returncode == 1 and not (tmp_path / "out").exists()
    assert "optuna cannot search this space: parameters.opt" in refused.stderr
    assert "grid cannot search this space: parameters.opt.x" in refused.stderr
    assert "Give --methods random, or --skip-unsuitable" in refused.stderr


def test_replicates_are_paired_by_the_parameter_named(studied):
    folder, _, _ = studied
    for name, search in searches(folder).items():
        seeds = {trial.config["noise"] for trial in search.read_trials()}
        assert seeds == {training_seed(0, int(name[-1]))}
    assert conditions(folder)["paired"] is True and conditions(folder)["seed_parameter"] == "noise"
    assert conditions(folder)["sweep"] == "sweep.yaml" and "study" not in conditions(folder)
    assert conditions(folder)["budget"] == {"trials": 3} and "epochs" not in conditions(folder)


def test_winners_are_measured_once_by_the_final_command(studied):
    folder, _, done = studied
    for name, search in searches(folder).items():
        reruns = read_reruns(search, "retrain")
        best = min(search.read_trials(), key=lambda trial: search.sweep.metric.best(trial.history))
        assert set(reruns.sources) == {best.run_id} and len(reruns.trials()) == 2
        for number, (_, trial) in enumerate(reruns.trials()):
            seed = retrain_seed(0, int(name[-1]), number)
            assert reruns.seed(trial) == seed and trial.config == {**best.config, "noise": seed}
            assert reruns.summary(trial)["held_out"] == best.config["opt"]["x"]
            assert len(search.sweep.metric.values(trial.history)) == 3
        for path in search.root.glob("wandb/offline-run-*/run-*.wandb"):
            assert "held_out" not in read_run_log(path).summary
    assert "--final-metric absent: no retrained winner has it" in done.stderr
    assert "--final-metric held_out" not in done.stderr


def test_it_goes_on_with_more_replicates_and_refuses_other_settings(studied):
    folder, options, _ = studied
    before = {path: path.stat().st_mtime for path in folder.rglob("*.wandb")}
    done = study(folder, *options)
    assert done.returncode == 0 and "Every trial has already ended." in done.stderr
    assert {path: path.stat().st_mtime for path in folder.rglob("*.wandb")} == before
    other = study(folder, *options, "--seed-parameter", "kind")
    assert other.returncode == 1 and "holds a study with seed parameter noise, not kind" in other.stderr
    other = study(folder, *options, "--final-command", "python prog.py")
    assert other.returncode == 1 and "holds reruns by another command" in other.stderr


@pytest.mark.long
def test_searches_start_from_what_is_known_whatever_its_seed(studied, tmp_path):
    folder, _, _ = studied
    place(tmp_path, yaml(NESTED), PROGRAM)
    (tmp_path / "first.yaml").write_text("- {opt: {x: 0.25, kind: b}}\n")
    known = ("--initial", "first.yaml", "--warm-start", str(folder / "out"))
    options = ("--methods", "bayes", "--trials", "2", "--seed-parameter", "noise", "--retrain-seeds", "0")
    done = study(tmp_path, *options, "--seed", "5", *known)
    assert done.returncode == 0, done.stderr
    assert "Starts from 12 earlier runs of" in done.stderr and "left out" not in done.stderr
    first, second = searches(tmp_path)["bayes-r0"].read_trials()
    assert first.config == {"opt": {"x": 0.25, "kind": "b"}, "noise": training_seed(5, 0)}
    assert second.config["opt"] != first.config["opt"]


def test_a_study_with_a_search_whose_trials_all_failed_ends_with_an_error(tmp_path):
    broken = PROGRAM.replace("run = wandb.init()", "run = wandb.init(); raise SystemExit(3)")
    place(tmp_path, yaml(NESTED), broken)
    done = study(tmp_path, "--methods", "random", "--trials", "2")
    assert done.returncode == 1 and "random-r0: every trial failed" in done.stderr
    assert "2 failed" in done.stdout


def test_without_a_seed_trials_are_not_paired_and_winners_run_again(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}"))
    done = study(tmp_path, "--methods", "random", "--trials", "2", "--retrain-seeds", "2")
    assert done.returncode == 0, done.stderr
    assert "no parameter for a training seed is known, so trials are not paired" in done.stderr
    assert conditions(tmp_path)["paired"] is False
    assert "Trials are not paired: no parameter gives them a seed" in " ".join(done.stdout.split())
    (search,) = searches(tmp_path).values()
    reruns = read_reruns(search, "retrain")
    assert reruns.seed_parameter is None and [reruns.seed(trial) for _, trial in reruns.trials()] == [0, 1]
    assert all(trial.config == reruns.configs[0] for _, trial in reruns.trials())


def test_a_budget_in_steps_counts_the_metric_only(tmp_path):
    place(tmp_path, yaml("opt: {parameters: {x: {min: 0.4, max: 0.6}}}\nepochs: {value: 9}"), PROGRAM)
    refused = study(tmp_path, "--methods", "random", "--budget-steps", "9")
    assert refused.returncode == 1 and "give --steps-per-trial, or --epochs" in refused.stderr
    options = ("--methods", "random", "--epochs", "2", "--budget-steps", "5", "--retrain-seeds", "0")
    done = study(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    (search,) = searches(tmp_path).values()
    trials = search.read_trials()
    # Two trials of two steps and four rows each; a third does not fit.
    assert [len(trial.history) for trial in trials] == [4, 4] and "[4/5 steps]" in done.stderr
    assert {trial.config["epochs"] for trial in trials} == {2}
    assert conditions(tmp_path)["budget"] == {"steps": 5} and conditions(tmp_path)["steps_per_trial"] == 2


@pytest.mark.long
def test_a_budget_in_seconds_starts_no_trial_that_would_exceed_it(tmp_path):
    place(tmp_path, yaml("opt: {parameters: {x: {min: 0.4, max: 0.6}}}\npause: {value: 0.2}"), PROGRAM)
    options = ("--methods", "random", "--budget-seconds", "2", "--retrain-seeds", "0", "--parallel", "1")
    done = study(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    (search,) = searches(tmp_path).values()
    seconds = [trial.seconds for trial in search.read_trials()]
    # Each takes 0.4 s of sleep until its last row, and more on a busy machine.
    assert 1 <= len(seconds) <= 5 and sum(seconds[:-1]) + max(seconds[:-1], default=0.0) <= 2
    assert sum(seconds) + max(seconds) > 2
    assert study(tmp_path, *options).returncode == 0 and len(search.read_trials()) == len(seconds)


def test_early_stopping_that_cannot_stop_says_so(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\nsteps: {value: 1}"))
    # One trial: a second one might be stopped between its only row and its end.
    done = study(tmp_path, "--methods", "random,hyperband", "--trials", "1", "--retrain-seeds", "0")
    assert done.returncode == 0, done.stderr
    assert "hyperband-r0 stopped no trial early: each trial logs the metric only once" in done.stderr
    assert "random-r0 stopped" not in done.stderr


@pytest.mark.long
def test_a_killed_study_goes_on(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\npause: {value: 0.1}"))
    options = ["study", "sweep.yaml", *OUT, "--methods", "random,bayes", "--trials", "3"]
    process = Command(options, tmp_path, environment())
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("out/sweeps/*/wandb/offline-run-*/run-*.wandb"))) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = run(tmp_path, *options)
    assert done.returncode == 0, done.stderr
    for search in searches(tmp_path).values():
        assert [str(trial.state) for trial in search.read_trials()] == ["finished"] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trials", "2", "--budget-seconds", "3"], "give one of --trials, --budget-steps and"),
        (["--epochs", "3"], "neither sweep.yaml nor its program has a parameter epochs"),
        (["--methods", "random,random"], "each method may be named only once"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_runs(tmp_path, options, message):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}"))
    done = study(tmp_path, *options)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
