"""A replayed search makes the decisions of a sweep that trains; its clock is that of the answers."""

from __future__ import annotations

import sys

import pytest
import yaml
from replay_cases import make_table
from sweep_cases import only_sweep, place, run

from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.offline.spending.budget import SecondsBudget, StepBudget
from fashion_wb.replay.search import replay_search
from fashion_wb.replay.table import write_table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.search.factory import start_search
from fashion_wb.search.protocol import NoPruner
from fashion_wb.sweep_folder.start import Start
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import TrialState

TABLE = make_table()
TRAINING = ReplayedTraining(TABLE, 3)
SPACE = {
    "filters": {"min": 2, "max": 6},
    "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 3e-3},
    "epochs": {"value": 4},
}
METHODS = {
    "random": {"method": "random"},
    "bayes": {"method": "bayes"},
    "hyperband": {
        "method": "random",
        "early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 2, "strict": True},
    },
}
# Logs what the table answers.
PROGRAM = f"""
import sys, time, wandb
sys.path[:0] = {sys.path!r}
from pathlib import Path
from fashion_wb.replay.table import read_table
from fashion_wb.replay.training import ReplayedTraining

if __name__ == "__main__":
    with wandb.init() as run:
        for row in ReplayedTraining(read_table(Path("table.npz")), 3).rows(dict(run.config)):
            run.log({{name: value for name, value in row.items() if name[0] != "_"}})
            time.sleep(0.3)  # so that a stop comes before the next row
"""


def sweep(method="random", **more):
    config = {"program": "prog.py", "metric": {"name": "valid_loss"}, "parameters": SPACE, **METHODS[method]}
    return make_sweep(config | more, default_name=method)


def replayed(method="random", cap=8, parallel=1, budget=None, training=TRAINING, seed=5):
    sampler, pruner = start_search(sweep(method), "s", seed, Start())
    search = OngoingSearch(sampler, pruner, cap, parallel, budget)
    seconds = replay_search(search, training.rows, "s")
    return search.trials, seconds


@pytest.mark.long
@pytest.mark.processes
@pytest.mark.parametrize("method", ["bayes", "hyperband"])
def test_it_has_the_trials_of_a_sweep_whose_program_answers_from_the_same_table(method, tmp_path):

    write_table(TABLE, tmp_path / "table.npz")
    place(tmp_path, yaml.safe_dump(dict(sweep(method).config)), PROGRAM)
    done = run(
        tmp_path, "sweep", "sweep.yaml", "--count", "6", "--seed", "5", "--workers", "1", "--parallel", "1"
    )
    assert done.returncode == 0, done.stderr
    real = only_sweep(tmp_path).read_trials()
    trials, _ = replayed(method, cap=6)
    assert [one.config for one in trials] == [one.config for one in real]
    assert [one.state for one in trials] == [one.state for one in real]
    for one, other in zip(trials, real, strict=True):
        if one.state is TrialState.FINISHED:
            found = [[row["valid_loss"] for row in each.history] for each in (one, other)]
            assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_hyperband_stops_at_its_rungs():
    trials, _ = replayed("hyperband", cap=30)
    lengths = {state: {len(one.history) for one in trials if one.state is state} for state in TrialState}
    assert lengths[TrialState.FINISHED] == {4} and lengths[TrialState.STOPPED] <= {1, 2}
    stopped = [one for one in trials if one.state is TrialState.STOPPED]
    assert len(stopped) > 5
    for one in stopped:
        # A stop takes effect at the row that caused it, or when a later trial moves the limit.
        assert one.reason == one.stop.sentence and one.stop.rung <= len(one.history)
        assert one.stop.value == one.history[one.stop.rung - 1]["valid_loss"] > one.stop.threshold
    assert not any(one.reason or one.stop for one in trials if one.state is TrialState.FINISHED)


@pytest.mark.parametrize("method", ["random", "bayes", "hyperband"])
def test_the_same_seed_gives_the_same_trials_and_another_seed_others(method):
    assert replayed(method) == replayed(method)
    assert [one.config for one in replayed(method, seed=6)[0]] != [one.config for one in replayed(method)[0]]


def test_the_clock_is_that_of_the_trials_one_after_the_other_or_at_once():
    trials, seconds = replayed(cap=6)
    assert seconds == pytest.approx(sum(one.seconds for one in trials))
    at_once, wall = replayed(cap=6, parallel=6)
    assert wall == pytest.approx(max(one.seconds for one in at_once))
    # A free slot is filled at once: two at a time take no longer than the list schedule's bound.
    two, wall = replayed(cap=6, parallel=2)
    total, longest = sum(one.seconds for one in two), max(one.seconds for one in two)
    assert total / 2 <= wall + 1e-9 and wall <= total / 2 + longest / 2 + 1e-9


def test_a_suggestion_sees_only_the_results_that_its_number_may_see():
    alone, _ = replayed("bayes", cap=6)
    four, _ = replayed("bayes", cap=6, parallel=4)
    # The first suggestion has seen nothing in either; the fifth has seen four results or one.
    assert alone[0].config == four[0].config and alone[4].config != four[4].config


def test_budgets_hold():
    trials, _ = replayed("hyperband", cap=50, budget=StepBudget(60, 4, "valid_loss"))
    assert 56 < sum(len(one.history) for one in trials) <= 60 and len(trials) > 15
    trials, _ = replayed("random", cap=50, budget=SecondsBudget(8.0))
    assert sum(one.seconds for one in trials) <= 8.0 and len(trials) >= 4


def test_it_goes_on_from_trials_that_have_ended_and_repeats_interrupted_ones():
    whole, _ = replayed("bayes", cap=6)
    sampler, pruner = start_search(sweep("bayes"), "s", 5, Start())
    search = OngoingSearch(sampler, pruner, 6, 1, trials=list(whole[:3]))
    search.update(2, TrialState.RUNNING, ())
    search.interrupt(2)
    replay_search(search, TRAINING.rows, "s")
    assert search.trials == whole


def test_a_search_that_is_used_up_ends():
    class Twice:
        needs_results = False

        def ask(self, trials, attempt=0):
            return {"filters": 2, "lr": 1e-3} if len(trials) < 2 else None

    search = OngoingSearch(Twice(), NoPruner(), None, 1)
    replay_search(search, TRAINING.rows, "s")
    assert [one.run_id for one in search.trials] == ["s-0000", "s-0001"]
