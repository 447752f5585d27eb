"""The space of a sweep file: exactly what its method draws, for every kind of parameter."""

from __future__ import annotations

import warnings

import pytest

from fashion_wb.search.factory import make_search
from fashion_wb.search.space import DoesNotFit, make_space
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Trial, TrialState

KINDS = {
    "value": {"value": {"a": [1, None]}},
    "values": {"values": [1, 2.5, "x", None, True, [1, 2], {"b": 1}, 2.5]},
    "probabilities": {"values": ["a", "b", "c"], "probabilities": [0.5, 0.0, 0.5]},
    "int_uniform": {"min": -3, "max": 4},
    "uniform": {"min": -1.5, "max": 2.0},
    "log_uniform": {"distribution": "log_uniform", "min": -3, "max": 1},
    "log_uniform_values": {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.1},
    "inv_log_uniform": {"distribution": "inv_log_uniform", "min": 0.5, "max": 2},
    "inv_log_uniform_values": {"distribution": "inv_log_uniform_values", "min": 0.5, "max": 2},
    "q_uniform": {"distribution": "q_uniform", "min": 1, "max": 10, "q": 4},
    "q_uniform, float": {"distribution": "q_uniform", "min": 0.25, "max": 1.05, "q": 0.1},
    "q_log_uniform": {"distribution": "q_log_uniform", "min": 0, "max": 2.15, "q": 2},
    "q_log_uniform_values": {"distribution": "q_log_uniform_values", "min": 1, "max": 19, "q": 3},
    "q_log_uniform_values, 1": {"distribution": "q_log_uniform_values", "min": 1, "max": 6, "q": 1},
    "normal": {"distribution": "normal", "mu": 1, "sigma": 2},
    "q_normal": {"distribution": "q_normal", "mu": 1, "sigma": 2, "q": 0.5},
    "log_normal": {"distribution": "log_normal", "mu": 0, "sigma": 1},
    "q_log_normal": {"distribution": "q_log_normal", "mu": 0, "sigma": 1, "q": 2},
    "beta": {"distribution": "beta", "a": 2, "b": 3},
    "q_beta": {"distribution": "q_beta", "a": 1, "b": 1, "q": 0.25},
}
SIZES = {
    **{"value": 1, "values": 7, "probabilities": 2, "int_uniform": 8, "q_uniform": 3, "q_uniform, float": 8},
    **{"q_log_uniform": 4, "q_log_uniform_values": 7, "q_log_uniform_values, 1": 6, "q_beta": 5},
}
OPTUNA = ("value", "values", "int_uniform", "uniform", "log_uniform_values", "q_uniform", "q_uniform, float")
OPTUNA = (*OPTUNA, "q_log_uniform_values, 1", "q_log_uniform_values")


def draws(config, count):
    found = []
    for number in range(count):
        sampler, _ = make_search(make_sweep(config, "x"), "id", number)
        found.append(sampler.ask([])["p"])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_random_search_draws_the_values_of_the_space_and_all_of_a_finite_one(kind):
    config = {"method": "random", "parameters": {"p": KINDS[kind]}}
    space = make_space(config)
    assert space.size == SIZES.get(kind)
    found = draws(config, 150)
    for value in found:
        fitted = space.convert("p", value)
        assert (fitted, type(fitted)) == (value, type(value))
    identities = {space.identity({"p": value}) for value in found}
    if space.size is None:
        assert len(identities) > 3
    else:
        # The rarest value has a chance of 0.048: all 150 draws miss it with 6e-4. The seeds are fixed.
        assert space.is_used_up(identities) and len(identities) == space.size


@pytest.mark.parametrize("kind", OPTUNA)
def test_optuna_draws_the_values_of_the_space_and_all_of_a_finite_one(kind):
    config = {
        "method": "custom",
        "scheduler": {"engine": "optuna"},
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"p": KINDS[kind]},
    }
    space = make_space(config)
    with warnings.catch_warnings():
        # Optuna's, about steps that do not divide the range, and about values that are lists.
        warnings.simplefilter("ignore", UserWarning)
        found = draws(config, 150)
    for value in found:
        fitted = space.convert("p", value)
        assert (fitted, type(fitted)) == (value, type(value))
    identities = {space.identity({"p": value}) for value in found}
    assert (space.size is None and len(identities) > 5) or space.is_used_up(identities)


@pytest.mark.parametrize("kind", ["value", "values", "int_uniform", "q_uniform", "q_uniform, float"])
def test_grid_tries_the_values_of_the_space(kind):
    config = {"method": "grid", "parameters": {"p": KINDS[kind]}}
    sampler, _ = make_search(make_sweep(config, "x"), "id", 0)
    trials = []
    while (found := sampler.ask(trials)) is not None:
        trials.append(Trial(len(trials), "r", found, TrialState.FINISHED))
        assert len(trials) < 20
        if kind == "value":
            break  # W&B's grid repeats a constant for ever
    space = make_space(config)
    assert [space.fit(t.config) for t in trials] == [t.config for t in trials]
    assert space.is_used_up({space.identity(t.config) for t in trials})


def test_nested_parameters_have_dotted_names():
    inner = {"parameters": {"a": {"values": [1, 2]}, "b": {"parameters": {"c": {"value": 3}}}}}
    space = make_space({"method": "random", "parameters": {"n": inner, "x": {"min": 0, "max": 1}}})
    assert list(space.domains) == ["n.a", "n.b.c", "x"] and space.size == 4
    config = {"n": {"a": 2, "b": {"c": 3}}, "x": 1}
    assert space.nest(space.flatten(config)) == config
    assert space.fit({**config, "other": 5, "n": {**config["n"], "more": 1}}) == config
    with pytest.raises(DoesNotFit, match=r"n\.b\.c"):
        space.fit({"n": {"a": 2, "b": 7}, "x": 1})


def test_values_come_back_with_the_type_that_the_search_draws():
    parameters = {"i": {"min": 1, "max": 9}, "f": {"min": 0.0, "max": 2.0}, "v": {"values": [0.5, 2.0]}}
    space = make_space({"method": "random", "parameters": parameters})
    found = space.fit({"i": 3.0, "f": 1, "v": 2})
    assert repr(found) == "{'i': 3, 'f': 1.0, 'v': 2.0}"


def test_what_is_left_of_a_large_space_is_found_by_chance_and_given_values_stay():
    parameters = {"a": {"min": 1, "max": 1000}, "b": {"min": 1, "max": 1000}}
    space = make_space({"method": "random", "parameters": parameters})
    tried = {space.identity({"a": a, "b": 7}) for a in range(1, 1000)}
    assert space.draw_untried(tried, {"b": 7}, 0) == {"a": 1000, "b": 7}
    assert space.draw_untried(tried | {space.identity({"a": 1000, "b": 7})}, {"b": 7}, 0) is None
    first, second = (space.draw_untried(tried, {}, seed) for seed in (0, 1))
    assert first != second and space.holds(first)
    assert space.draw_untried(tried, {}, 0) == first


def test_a_space_that_a_function_defines_is_not_known():
    config = {"method": "custom", "scheduler": {"engine": "optuna", "search_space": "space"}}
    assert make_space(config) is None
