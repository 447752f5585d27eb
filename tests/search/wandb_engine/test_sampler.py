"""W&B's random, grid and bayes: compared with the library, and protected from its quirks."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from search_cases import METRIC

from fashion_wb.errors import FashionWbError
from fashion_wb.search.seeds import stable_seed
from fashion_wb.search.wandb_engine.sampler import MAX_PENDING, WandbSampler
from fashion_wb.sweepfile.sweeps_package import RunState, SweepRun, next_runs
from fashion_wb.trial import Trial, TrialState

NUMERIC = {
    "x": {"min": 0.0, "max": 1.0},
    "n": {"min": 1, "max": 30},
    "u": {"value": 3},
}


def sampler(method, parameters, seed=0, **metric):
    config = {"method": method, "parameters": parameters, "metric": {"name": "valid_loss", **metric}}
    return WandbSampler(config, METRIC, seed)


def trial(number, config, value=None, state=TrialState.FINISHED):
    history = (
        () if value is None else ({"valid_loss": value + 1}, {"valid_loss": value}, {"valid_loss": value + 2})
    )
    return Trial(number, f"r{number}", config, state, history)


def numeric(number, value, state=TrialState.FINISHED):
    return trial(number, {"x": (number * 0.37) % 1, "n": 1 + number * 7 % 30, "u": 3}, value, state)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # from this test's own call
def test_bayes_gives_the_library_the_best_value_of_each_trial_and_the_others_as_pending():
    # The objective is smooth: if the process finds no structure, the library suggests at random.
    trials = [numeric(k, (k * 0.37 % 1 - 0.3) ** 2) for k in range(8)]
    trials += [numeric(8, 0.5, TrialState.STOPPED), numeric(9, -9.0, TrialState.FAILED)]
    trials += [numeric(10, None), numeric(11, -9.0, TrialState.RUNNING)]
    runs = [
        SweepRun(
            config={name: {"value": value} for name, value in t.config.items()},
            state=RunState.finished if t.number < 9 else RunState.running,
            history=[{"valid_loss": METRIC.best(t.history)}] if t.number < 9 else [],
        )
        for t in trials
    ]
    found = sampler("bayes", NUMERIC, seed=5).ask(trials)
    assert found != sampler("bayes", NUMERIC, seed=5).ask([numeric(0, 9.0), *trials[1:]])
    random.seed(stable_seed(5, 12))
    np.random.seed(stable_seed(5, 12))
    (run,) = next_runs({"method": "bayes", "metric": {"name": "valid_loss"}, "parameters": NUMERIC}, runs)
    assert found == {name: entry["value"] for name, entry in run.config.items()}


@pytest.mark.parametrize("method", ["random", "grid", "bayes"])
def test_the_global_random_generators_keep_their_state(method):
    parameters = {"a": {"values": [1, 2, 3]}}
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    sampler(method, parameters).ask([trial(0, {"a": 1}, 0.5)])
    assert (random.random(), np.random.random()) == expected


def test_a_grid_visits_every_point_once_whether_or_not_trials_fail():
    parameters = {"a": {"values": [0, "", False, None]}, "b": {"min": 2, "max": 4}, "c": {"value": 1}}
    search = sampler("grid", parameters)
    trials = []
    for state in itertools.cycle(TrialState):
        found = search.ask(trials)
        if found is None:
            break
        trials.append(trial(len(trials), found, 1.0, state))
    seen = {(repr(t.config["a"]), t.config["b"]) for t in trials}
    assert len(trials) == len(seen) == 12
    assert all(t.config["c"] == 1 for t in trials)


@pytest.mark.parametrize("spec", [{"min": 0.0, "max": 1.0}, {"values": [1, 2], "probabilities": [0.5, 0.5]}])
def test_a_grid_rejects_parameters_that_it_cannot_count(spec):
    with pytest.raises(FashionWbError, match=r"parameters\.deep\.x: method grid"):
        sampler("grid", {"deep": {"parameters": {"x": spec}}})


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"a": {"value": 1}}, "constants only"),
        ({"a": {"values": [1, 2], "probabilities": [0.5, 0.5]}}, r"parameters\.a: .*probabilities"),
    ],
)
def test_bayes_rejects_a_space_that_it_cannot_search(parameters, text):
    with pytest.raises(FashionWbError, match=text):
        sampler("bayes", parameters)


def test_bayes_needs_a_metric():
    with pytest.raises(FashionWbError, match="metric"):
        WandbSampler({"method": "bayes", "parameters": NUMERIC}, None, 0)


@pytest.mark.parametrize("falsy", [0, False, "", None, 0.0, []])
def test_bayes_distinguishes_a_falsy_category_from_the_first_one(falsy):
    # The library takes each of these for the first of the list, here "a". Then the results would differ.
    def positions(third):
        values = ["a", "b", third, "d"]
        trials = [trial(k, {"c": values[k % 4]}, float(k % 4 != 2)) for k in range(12)]
        return [
            values.index(sampler("bayes", {"c": {"values": values}}, seed).ask(trials)["c"])
            for seed in range(6)
        ]

    assert positions(falsy) == positions("c")


def test_bayes_distinguishes_equal_categories_of_different_types():
    def types(values):
        trials = [trial(k, {"c": values[k % 3]}, float(k % 3 != 1)) for k in range(6)]
        return [type(sampler("bayes", {"c": {"values": values}}, seed).ask(trials)["c"]) for seed in range(6)]

    # True is suggested as often as the second of three different strings would be.
    kinds = {"a": int, "b": bool, "c": float}
    trials = [trial(k, {"c": "abc"[k % 3]}, float(k % 3 != 1)) for k in range(6)]
    expected = [sampler("bayes", {"c": {"values": list("abc")}}, seed).ask(trials)["c"] for seed in range(6)]
    assert types([1, True, 1.0]) == [kinds[name] for name in expected]
    assert bool in types([1, True, 1.0])


@pytest.mark.parametrize("config", [{"c": "z"}, {}])
def test_bayes_rejects_a_trial_from_another_space(config):
    with pytest.raises(FashionWbError, match="changed"):
        sampler("bayes", {"c": {"values": ["a", "b"]}}).ask([trial(0, config, 1.0)])


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_nested_parameters_come_back_nested_and_plain(method):
    parameters = {
        "opt": {"parameters": {"lr": {"min": 0.0, "max": 1.0}, "kind": {"values": [{"a": [1, 2]}, "sgd"]}}},
        "q": {"distribution": "q_uniform", "min": 0, "max": 10, "q": 2},
        "q2": {"distribution": "q_log_uniform_values", "min": 1.0, "max": 10.0, "q": 0.5},
        "m": {"distribution": "normal", "mu": 0.0, "sigma": 1.0},
    }
    search = sampler(method, parameters)
    trials = []
    for number in range(8):
        found = search.ask(trials)
        assert {type(found["opt"]), type(found["opt"]["lr"]), type(found["m"])} == {dict, float}
        assert type(found["q"]) is int
        assert type(found["q2"]) is float
        assert found["opt"]["kind"] in parameters["opt"]["parameters"]["kind"]["values"]
        trials.append(trial(number, found, found["opt"]["lr"]))


def test_a_failed_trial_gets_an_invented_result_only_if_the_file_has_impute():
    good = [numeric(k, k / 10) for k in range(6)]
    failed = [*good, numeric(6, None, TrialState.FAILED)]
    logged = [*good, numeric(6, -50.0, TrialState.FAILED)]
    plain, imputing = sampler("bayes", NUMERIC), sampler("bayes", NUMERIC, impute="best")
    assert plain.ask(failed) == plain.ask(logged)
    assert imputing.ask(failed) != imputing.ask(logged)


def test_imputing_for_running_trials_is_rejected():
    with pytest.raises(FashionWbError, match="impute_while_running"):
        sampler("bayes", NUMERIC, impute_while_running="worst")
    sampler("bayes", NUMERIC, impute_while_running="false")


def test_more_pending_trials_than_the_process_takes_print_nothing(capsys):
    trials = [numeric(k, k / 10) for k in range(6)]
    trials += [numeric(6 + k, None, TrialState.FAILED) for k in range(MAX_PENDING + 10)]
    assert sampler("bayes", NUMERIC).ask(trials)["u"] == 3
    assert capsys.readouterr().out == ""
