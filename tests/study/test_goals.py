"""Minimising a number and maximising its negative are the same study."""

from __future__ import annotations

import csv

import pytest
from sweep_cases import ROOT, place, run, yaml

from fashion_wb.search.factory import make_search
from fashion_wb.study.methods import read_method
from fashion_wb.sweep_folder.opening import find_sweep_dirs
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Trial, TrialState

ALL = sorted(path.stem for path in (ROOT / "sweeps").glob("*.yaml"))
SIGNS = {"minimize": 1, "maximize": -1}
PROGRAM = """
import wandb

if __name__ == "__main__":
    run = wandb.init()
    for step in range(3):
        loss = (run.config.x - 0.3) ** 2 + run.config.n / 10 + (3 - step) / 100
        run.log({"valid_loss": run.config.sign * loss})
"""


def search(method, goal):
    """Let a method search with made-up results; return its suggestions, and which trials it would stop."""
    points = {"values": [0.0, 0.5, 1.0]} if method == "grid" else {"min": 0.0, "max": 1.0}
    base = make_sweep(
        {
            "metric": {"name": "loss", "goal": goal},
            "parameters": {"x": points, "n": {"values": [2, 3, 5]}},
            "run_cap": 12,
        },
        "sweep",
    )
    sampler, pruner = make_search(read_method(method).applied_to(base), "abcd1234", 5)
    trials, stopped = [], []
    for number in range(9):
        config = sampler.ask(trials)
        losses = [(config["x"] - 0.3) ** 2 + config["n"] + 1 / (step + 1) for step in range(3)]
        rows = tuple({"loss": SIGNS[goal] * loss, "_step": k} for k, loss in enumerate(losses))
        running = Trial(number, f"abcd1234-{number:04d}", config, TrialState.RUNNING, rows[:1])
        stops = number in pruner.stop([*trials, running])
        state = TrialState.STOPPED if stops else TrialState.FINISHED
        trials.append(Trial(number, running.run_id, config, state, rows[:1] if stops else rows))
        stopped.append(stops)
    return [trial.config for trial in trials], stopped


@pytest.mark.parametrize("method", ALL)
def test_a_method_suggests_and_stops_the_same_for_both_goals(method, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (configs, stopped), (mirrored, also_stopped) = search(method, "minimize"), search(method, "maximize")
    assert stopped == also_stopped
    assert any(stopped) == (method in ("hyperband", "tpe-hyperband"))
    for one, other in zip(configs, mirrored, strict=True):
        # The Gaussian processes' optimisers may stop one rounding apart.
        assert one["n"] == other["n"] and one["x"] == pytest.approx(other["x"], rel=1e-6)


@pytest.mark.long
@pytest.mark.processes
def test_a_study_of_both_goals_has_the_same_trials_winners_and_verdicts(tmp_path):
    verdicts, winners = {}, {}
    for goal, sign in SIGNS.items():
        folder = tmp_path / goal
        folder.mkdir()
        parameters = f"x: {{min: 0.0, max: 1.0}}\nn: {{values: [1, 2, 3]}}\nsign: {{value: {sign}}}"
        sweep = yaml(parameters).replace("{name: loss}", f"{{name: valid_loss, goal: {goal}}}")
        place(folder, sweep, PROGRAM)
        options = "--methods random,bayes,hyperopt --replicates 3 --trials 4 --retrain-seeds 1 --out out"
        done = run(folder, "study", "sweep.yaml", *options.split())
        assert done.returncode == 0, done.stderr
        with (folder / "out" / "pairs.csv").open(newline="") as file:
            verdicts[goal] = [(row["a"], row["b"], row["outcome"]) for row in csv.DictReader(file)]
        winners[goal] = {
            found.sweep.name: [
                (trial.config["x"], trial.config["n"], sign * trial.history[-1]["valid_loss"])
                for trial in found.read_trials()
            ]
            for found in find_sweep_dirs(folder / "out")
        }
    assert verdicts["minimize"] == verdicts["maximize"] and len(verdicts["minimize"]) == 3
    assert winners["minimize"].keys() == winners["maximize"].keys() and len(winners["minimize"]) == 9
    for name, trials in winners["minimize"].items():
        assert [pytest.approx(trial, rel=1e-6) for trial in trials] == winners["maximize"][name]
