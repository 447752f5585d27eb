"""The functions that create the Optuna studies of the sweep files."""

from __future__ import annotations

from types import SimpleNamespace

import optuna
import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.search.optuna_samplers.hyperband_pruner import WandbHyperbandPruner
from fashion_wb.search.optuna_samplers.per_trial import PerTrialSampler
from fashion_wb.search.studies import (
    cma_es,
    hyperopt_tpe,
    optuna_gp,
    optuna_tpe,
    optuna_tpe_hyperband,
    optuna_tpe_univariate,
    quasi_random,
    startup_trials,
    study_seed,
)

TPES = [hyperopt_tpe, optuna_tpe, optuna_tpe_univariate, optuna_tpe_hyperband]
FACTORIES = [*TPES, optuna_gp, quasi_random, cma_es]
SPACE = {"x": optuna.distributions.FloatDistribution(0.0, 1.0)}


def sweep_info(sweep_id="abc", **config):
    parameters = {"x": {"min": 0.0, "max": 1.0}}
    return SimpleNamespace(
        id=sweep_id, config={"metric": {"name": "loss"}, "parameters": parameters, "run_cap": 10, **config}
    )


def test_online_the_seed_comes_from_the_sweep_id_and_never_changes():
    # The first four bytes of the SHA-256 of "abc" (FIPS 180-2, appendix B.1).
    assert study_seed(sweep_info("abc")) == 0xBA7816BF


def test_offline_the_seed_comes_from_the_search_and_not_from_the_id():
    assert study_seed(sweep_info("abc", seed=0)) == study_seed(sweep_info("abd", seed=0))
    assert study_seed(sweep_info("abc", seed=0)) != study_seed(sweep_info("abc", seed=1))


@pytest.mark.parametrize(
    ("run_cap", "expected"), [(None, 10), (1, 3), (10, 3), (16, 4), (39, 9), (40, 10), (1000, 10), (0, 3)]
)
def test_a_quarter_of_the_run_cap_are_startup_trials_within_3_to_10(run_cap, expected):
    assert startup_trials(run_cap) == expected


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_study_has_the_goal_and_pruner_of_its_sweep(factory):
    for goal in ("minimize", "maximize"):
        study = factory(sweep_info(metric={"name": "loss", "goal": goal}))
        assert study.direction.name.lower() == goal
        stops = WandbHyperbandPruner if factory is optuna_tpe_hyperband else optuna.pruners.NopPruner
        assert isinstance(study.pruner, stops)
    assert factory(sweep_info()).direction.name == "MINIMIZE"


@pytest.mark.parametrize("factory", FACTORIES)
def test_online_the_sweep_id_decides_the_suggestions(factory):
    def first(sweep_id):
        return factory(sweep_info(sweep_id)).ask(SPACE).params["x"]

    assert first("abc") == first("abc") != first("abd")


@pytest.mark.parametrize("factory", TPES)
def test_the_model_takes_over_after_the_startup_trials(factory):
    # Random search would give 10 of 20 suggestions below 0.3 with probability 0.048. The id is fixed, so the
    # test always passes or always fails.
    study = factory(sweep_info("abc"))
    for x in (0.05, 0.1, 0.15, 0.9, 0.95, 0.6):
        study.add_trial(optuna.trial.create_trial(params={"x": x}, distributions=SPACE, value=x))
    found = []
    for _ in range(20):
        trial = study.ask(SPACE)
        found.append(trial.params["x"])
        study.tell(trial, trial.params["x"])
    assert sum(x < 0.3 for x in found) >= 10


def test_with_a_search_space_function_the_space_is_unknown_in_advance():
    study = hyperopt_tpe(sweep_info(scheduler={"search_space": "space"}))
    assert study.sampler.infer_relative_search_space(study, None) == {}


@pytest.mark.parametrize("factory", [quasi_random, cma_es])
def test_quasi_random_search_and_cma_es_need_a_declared_space(factory):
    with pytest.raises(
        FashionWbError, match="needs the whole search space in advance; declare it in parameters"
    ):
        factory(sweep_info(scheduler={"search_space": "space"}))


def test_a_per_trial_sampler_replays_a_resumed_study():
    def fresh():
        return optuna.create_study(
            sampler=PerTrialSampler(lambda seed: optuna.samplers.TPESampler(seed=seed, n_startup_trials=3), 5)
        )

    whole = fresh()
    for _ in range(15):
        trial = whole.ask(SPACE)
        whole.tell(trial, trial.params["x"])
    for known in (0, 2, 3, 8, 14):
        resumed = fresh()
        resumed.add_trials(whole.trials[:known])
        assert resumed.ask(SPACE).params == whole.trials[known].params


def test_a_per_trial_sampler_draws_different_values_for_each_trial_and_parameter():
    study = optuna.create_study(sampler=PerTrialSampler(optuna.samplers.RandomSampler, 5))
    found = []
    for _ in range(4):
        trial = study.ask()
        found += [trial.suggest_float("a", 0, 1), trial.suggest_float("b", 0, 1)]
    assert len(set(found)) == 8
