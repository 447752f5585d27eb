"""Quasi-random search against scipy, and CMA-ES against the package `cmaes` and on a known optimum."""

from __future__ import annotations

import cmaes
import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from scipy.stats import qmc

from fashion_wb.search.optuna_samplers.unit_cube import from_unit, to_unit
from fashion_wb.search.optuna_samplers.unit_samplers import CmaEsSampler, QuasiRandomSampler
from fashion_wb.search.seeds import stable_seed

SPACE = {"x": FloatDistribution(0.0, 1.0), "y": FloatDistribution(0.0, 1.0)}
DISTRIBUTIONS = [
    FloatDistribution(-2.0, 3.0),
    FloatDistribution(1e-4, 3e-3, log=True),
    FloatDistribution(0.0, 1.0, step=0.25),
    IntDistribution(2, 15),
    IntDistribution(1, 100, log=True),
    IntDistribution(0, 12, step=4),
    CategoricalDistribution([0, False, "a"]),
]


def study_of(sampler, direction="minimize"):
    return optuna.create_study(sampler=sampler, direction=direction)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
@settings(deadline=None)
@given(position=st.floats(0, 1))
def test_a_position_gives_a_valid_value_and_its_position_gives_the_value_back(distribution, position):
    value = from_unit(distribution, position)
    assert distribution._contains(distribution.to_internal_repr(value))
    again = from_unit(distribution, to_unit(distribution, value))
    assert again == pytest.approx(value) if isinstance(value, float) else again is value or again == value


@pytest.mark.parametrize("distribution", [DISTRIBUTIONS[i] for i in (2, 3, 5, 6)], ids=str)
def test_each_of_several_values_gets_an_interval_of_the_same_width(distribution):
    count = {0.25: 5, 1: 14, 4: 4}.get(getattr(distribution, "step", None), 3)
    found = [repr(from_unit(distribution, (i + 0.5) / (10 * count))) for i in range(10 * count)]
    assert sorted(found.count(value) for value in set(found)) == [10] * count


def test_quasi_random_trials_are_scipys_sobol_points_even_if_other_trials_fail():
    study = study_of(QuasiRandomSampler(7, SPACE))
    expected = qmc.Sobol(2, scramble=True, rng=7).random(16)
    for number in range(16):
        trial = study.ask(SPACE)
        assert (trial.params["x"], trial.params["y"]) == tuple(expected[number])
        study.tell(trial, 1.0 if number % 2 else None, TrialState.COMPLETE if number % 2 else TrialState.FAIL)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_cma_es_suggests_the_same_as_the_cmaes_package_generation_by_generation(direction):
    sign = 1 if direction == "minimize" else -1
    study = study_of(CmaEsSampler(3, SPACE), direction)
    twin = cmaes.CMA(np.full(2, 0.5), 0.3, np.array([[0.0, 1.0]] * 2), seed=stable_seed(3, "cmaes"))
    for generation in range(4):
        told = []
        for number in range(twin.population_size):
            twin.reseed_rng(stable_seed(3, generation * twin.population_size + number))
            expected = twin.ask()
            trial = study.ask(SPACE)
            assert (trial.params["x"], trial.params["y"]) == pytest.approx(tuple(expected), rel=1e-12)
            value = float((expected[0] - 0.8) ** 2 + (expected[1] - 0.3) ** 2)
            told.append((expected, value))
            study.tell(trial, sign * value)
        twin.tell(told)


def test_cma_es_finds_the_optimum():
    study = study_of(CmaEsSampler(0, SPACE))
    study.optimize(
        lambda t: (t.suggest_float("x", 0, 1) - 0.8) ** 2 + (t.suggest_float("y", 0, 1) - 0.3) ** 2, 120
    )
    late = [trial.value for trial in study.trials[-12:]]
    assert max(late) < 1e-3


def test_cma_es_ranks_a_trial_without_a_result_last():
    def after(outcomes):
        study = study_of(CmaEsSampler(1, SPACE))
        for value in outcomes:
            trial = study.ask(SPACE)
            study.tell(trial, value, TrialState.FAIL if value is None else TrialState.COMPLETE)
        return study.ask(SPACE).params

    assert after([0, 1, None, 2, 3, 4]) == after([0, 1, 1e9, 2, 3, 4]) != after([0, 1, -1e9, 2, 3, 4])
