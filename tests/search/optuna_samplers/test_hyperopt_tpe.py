"""hyperopt's TPE as an Optuna sampler: compared with hyperopt, each prior, and the history it is given."""

from __future__ import annotations

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt import hp
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial
from scipy.stats import chisquare

from fashion_wb.errors import FashionWbError
from fashion_wb.search.optuna_samplers.hyperopt_tpe import HyperoptTPESampler, TPEOptions
from fashion_wb.search.seeds import stable_seed

SPACE = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "momentum": FloatDistribution(0.0, 1.0),
    "width": IntDistribution(2, 15),
}
# Draws from a prior. Below p = 1e-6 a chi-square test fails by chance once in a million, and the seeds are
# fixed anyway.
DRAWS = 400
STUDY_LENGTH = 25
CHANCE = 1e-6


@pytest.fixture(autouse=True)
def _quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)


def loss(params):
    return (params["width"] - 6) ** 2 + params["momentum"] + np.log10(params["lr"]) ** 2


def run_study(sampler, space, count, direction="minimize"):
    study = optuna.create_study(direction=direction, sampler=sampler)
    for _ in range(count):
        trial = study.ask(space)
        study.tell(trial, loss(trial.params))
    return study


def suggested_by_hyperopt(study, number, seed, options):
    """Return what hyperopt itself suggests, with its space, trials and seed written out here."""
    space = {
        "lr": hp.loguniform("lr", np.log(1e-4), np.log(1e-1)),
        "momentum": hp.uniform("momentum", 0.0, 1.0),
        "width": hp.quniform("width", -0.5, 13.5, 1),
    }
    trials = hyperopt.Trials()
    for past in study.trials[:number]:
        vals = {
            "lr": past.params["lr"],
            "momentum": past.params["momentum"],
            "width": past.params["width"] - 2,
        }
        misc = {
            "tid": past.number,
            "cmd": None,
            "idxs": {name: [past.number] for name in vals},
            "vals": {name: [value] for name, value in vals.items()},
        }
        result = {"status": "ok", "loss": past.value}
        (doc,) = trials.new_trial_docs([past.number], [None], [result], [misc])
        trials.insert_trial_doc({**doc, "state": hyperopt.JOB_STATE_DONE})
    trials.refresh()
    domain = hyperopt.Domain(lambda _: 0.0, space)
    (doc,) = hyperopt.tpe.suggest(
        [number], domain, trials, stable_seed(seed, number), verbose=False, **options
    )
    vals = {name: value[0] for name, value in doc["misc"]["vals"].items()}
    return {"lr": vals["lr"], "momentum": vals["momentum"], "width": round(vals["width"]) + 2}


@pytest.mark.parametrize("options", [{}, {"n_startup_jobs": 3, "gamma": 0.5, "n_EI_candidates": 5}])
def test_suggestions_equal_those_of_hyperopt_itself(options):
    study = run_study(HyperoptTPESampler(7, SPACE, TPEOptions(**options)), SPACE, 30)
    for number in (0, 1, 2, 3, 10, 19, 20, 21, 29):
        assert study.trials[number].params == suggested_by_hyperopt(study, number, 7, options)


def draw(distribution, count=DRAWS):
    found = []
    # Many short studies, because hyperopt reads all trials of the study at every draw.
    for seed in range(count // STUDY_LENGTH):
        sampler = HyperoptTPESampler(seed, {"x": distribution}, TPEOptions(n_startup_jobs=10**9))
        study = optuna.create_study(sampler=sampler)
        found += [study.ask({"x": distribution}).params["x"] for _ in range(STUDY_LENGTH)]
    return found


@pytest.mark.parametrize(
    ("distribution", "values"),
    [
        (IntDistribution(2, 15), range(2, 16)),
        (IntDistribution(-3, 2), range(-3, 3)),
        (IntDistribution(10, 70, step=20), (10, 30, 50, 70)),
        (FloatDistribution(0.0, 0.5, step=0.1), (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        (CategoricalDistribution((None, True, "a", 0.5, 7)), (None, True, "a", 0.5, 7)),
        (CategoricalDistribution((0, "")), (0, "")),
    ],
)
def test_every_value_of_a_discrete_parameter_is_equally_likely(distribution, values):
    found = draw(distribution)
    counts = [
        sum(v == pytest.approx(value) if type(value) is float else v == value for v in found)
        for value in values
    ]
    assert sum(counts) == DRAWS
    assert chisquare(counts).pvalue > CHANCE
    assert {type(v) for v in found} == {type(v) for v in values}


def test_log_integers_follow_the_rounded_log_uniform():
    found = draw(IntDistribution(1, 12, log=True))
    edges = np.log(np.arange(0.5, 13.0))
    expected = DRAWS * np.diff(edges) / (edges[-1] - edges[0])
    counts = [found.count(value) for value in range(1, 13)]
    assert sum(counts) == DRAWS
    assert chisquare(counts, expected).pvalue > CHANCE


@pytest.mark.parametrize("log", [False, True])
def test_floats_fill_their_range(log):
    found = np.array(draw(FloatDistribution(0.01, 1.0, log=log)))
    scaled = (np.log(found) - np.log(0.01)) / np.log(100) if log else (found - 0.01) / 0.99
    counts, _ = np.histogram(scaled, bins=10, range=(0, 1))
    assert counts.sum() == DRAWS
    assert chisquare(counts).pvalue > CHANCE


def test_values_stay_in_range_when_the_model_suggests_them():
    space = {
        "i": IntDistribution(1, 9, log=True),
        "j": IntDistribution(0, 10, step=5),
        "f": FloatDistribution(0.1, 0.3, step=0.1),
        "g": FloatDistribution(0.1, 0.3, log=True),
        "c": CategoricalDistribution((False, None, "x")),
        "one": IntDistribution(4, 4),
    }
    study = optuna.create_study(sampler=HyperoptTPESampler(0, space, TPEOptions(n_startup_jobs=2)))
    for _ in range(40):
        trial = study.ask(space)
        params = trial.params
        assert params["i"] in range(1, 10)
        assert params["j"] in (0, 5, 10)
        assert 0.1 <= params["f"] <= 0.3
        assert 0.1 <= params["g"] <= 0.3
        assert params["one"] == 4
        # The optimum is at the upper ends, where rounding could leave the range.
        study.tell(trial, -params["i"] - params["j"] - params["f"] - params["g"])
    assert {t.params["i"] for t in study.trials[-20:]} & {8, 9}


def test_the_error_names_an_unsupported_kind_of_distribution():
    class Dirichlet(BaseDistribution):
        def single(self):
            return False

        def to_internal_repr(self, param_value_in_external_repr):
            return 0.0

        def _contains(self, param_value_in_internal_repr):
            return True

    sampler = HyperoptTPESampler(0)
    study = optuna.create_study(sampler=sampler)
    with pytest.raises(FashionWbError, match="Dirichlet"):
        sampler.sample_independent(study, create_trial(state=TrialState.RUNNING), "x", Dirichlet())


@pytest.fixture
def told(monkeypatch):
    """Record (trial, result) as hyperopt is told them, for each suggestion."""
    calls = []
    suggest = hyperopt.tpe.suggest

    def spy(ids, domain, trials, *args, **kwargs):
        calls.append([(doc["tid"], doc["result"]) for doc in trials.trials])
        return suggest(ids, domain, trials, *args, **kwargs)

    monkeypatch.setattr(hyperopt.tpe, "suggest", spy)
    return calls


@pytest.mark.parametrize(("direction", "sign"), [("minimize", 1), ("maximize", -1)])
def test_hyperopt_is_told_the_outcome_of_each_trial(told, direction, sign):
    space = {"x": FloatDistribution(0.0, 1.0)}
    study = optuna.create_study(direction=direction, sampler=HyperoptTPESampler(0, space))

    def add(state, value=None, **rest):
        study.add_trial(
            create_trial(state=state, value=value, params={"x": 0.5}, distributions=space, **rest)
        )

    add(TrialState.COMPLETE, 0.0)
    add(TrialState.FAIL, intermediate_values={0: 3.0})
    add(TrialState.PRUNED, 4.0, intermediate_values={0: 2.0, 1: 1.0, 2: 4.0})
    add(TrialState.PRUNED)
    add(TrialState.RUNNING, intermediate_values={0: 3.0})
    study.ask(space)
    assert told == [
        [
            (0, {"status": "ok", "loss": 0.0}),
            (1, {"status": "fail"}),
            (2, {"status": "ok", "loss": 1.0 if sign == 1 else -4.0}),
            (3, {"status": "fail"}),
            (4, {"status": "running"}),
        ]
    ]


def test_define_by_run_parameters_are_drawn_by_hyperopt_with_different_random_numbers(told):
    study = optuna.create_study(sampler=HyperoptTPESampler(0, options=TPEOptions(n_startup_jobs=4)))
    for number in range(12):
        trial = study.ask()
        a, b = trial.suggest_float("a", 0, 1), trial.suggest_float("b", 0, 1)
        extra = trial.suggest_float("c", 0, 1) if number % 2 else 0.0
        assert a != b
        study.tell(trial, a + b + extra)
    # In the first trial each parameter takes its own call. Later a and b share one, and c has its own.
    assert len(told) == 2 + (12 - 1) + 6


def test_a_suggestion_depends_only_on_the_seed_the_number_and_the_trials():
    study = run_study(HyperoptTPESampler(3, SPACE), SPACE, 25)
    other = optuna.create_study(sampler=HyperoptTPESampler(3, SPACE))
    other.add_trials(study.trials[:22])
    assert other.ask(SPACE).params == study.trials[22].params
