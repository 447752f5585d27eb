"""Sweeps with a scheduler block: what W&B's own optimizer is told about every trial."""

from __future__ import annotations

import time

import pytest
from optuna.trial import TrialState as OptunaState
from scheduler_cases import ONE_OF_EACH, sampler, trial
from search_cases import ROOT, drive, outcome, shown, sweep

from fashion_wb.errors import FashionWbError
from fashion_wb.search.factory import make_search
from fashion_wb.trial import Trial, TrialState

pytestmark = pytest.mark.usefixtures("in_own_folder")


STATES = [
    (OptunaState.COMPLETE, 1.0),
    (OptunaState.PRUNED, 4.5),
    (OptunaState.FAIL, None),
    (OptunaState.FAIL, None),
    (OptunaState.PRUNED, None),
    (OptunaState.RUNNING, None),
]
FUNCTION = "def space(trial):\n    return {'x': trial.suggest_float('x', 0, 1), 'u': 3}\n"


@pytest.mark.parametrize("scheduler", [{}, {"search_space": "space"}])
def test_a_resumed_study_has_every_trial_with_its_number_and_state(studies, scheduler):
    sampler(FUNCTION, **scheduler).ask(ONE_OF_EACH)
    found = studies[-1].trials
    assert [(t.state, t.value) for t in found[:6]] == STATES
    assert [t.params["x"] for t in found[:6]] == [t.config["x"] for t in ONE_OF_EACH]
    assert found[1].intermediate_values == {0: 5.0, 1: 4.0, 2: 4.5}
    assert [t.number for t in found] == list(range(7))


def test_a_live_study_equals_a_resumed_one(studies):
    config_ = sweep("optuna").config["parameters"]
    live = drive(sampler(parameters=config_), 25)
    followed = studies[-1].trials
    sampler(parameters=config_).ask(shown(live[:24]))
    resumed = studies[-1].trials
    kept = [
        [(t.state, t.values, t.params, t.intermediate_values) for t in trials]
        for trials in (followed, resumed)
    ]
    assert kept[0] == kept[1]
    assert {t.state for t in resumed} == {
        OptunaState.COMPLETE,
        OptunaState.PRUNED,
        OptunaState.FAIL,
        OptunaState.RUNNING,
    }


@pytest.mark.parametrize("name", ["hyperopt", "optuna"])
def test_a_thousand_trials_resume_within_seconds(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    configs = [t.config for t in drive(make_search(sweep(name), "id", 0)[0], 10)]
    trials = [outcome(number, configs[number % 10]) for number in range(1000)]
    start = time.monotonic()
    assert make_search(sweep(name), "id", 0)[0].ask(trials) is not None
    assert time.monotonic() - start < 10  # measured: 0.2 to 0.4


def test_without_an_optimizer_function_the_seed_decides_the_suggestions():
    def first(seed):
        return [sampler(seed=seed).ask([trial(k, k / 20, (k / 20,)) for k in range(n)]) for n in (0, 15)]

    assert first(1) == first(1)
    assert all(a != b for a, b in zip(first(1), first(2), strict=True))


def test_a_search_space_function_defines_the_parameters():
    code = """
def space(trial):
    kind = trial.suggest_categorical("kind", ["a", "b"])
    extra = {"depth": trial.suggest_int("depth", 1, 3)} if kind == "a" else {}
    return {"kind": kind, **extra}
"""
    trials = []
    search = sampler(code, parameters={}, search_space="space")
    for number in range(12):
        found = search.ask(trials)
        assert found == sampler(code, parameters={}, search_space="space").ask(trials)
        assert ("depth" in found) == (found["kind"] == "a")
        trials.append(Trial(number, "r", found, TrialState.FINISHED, ({"_step": 0, "valid_loss": number},)))
    assert {t.config["kind"] for t in trials} == {"a", "b"}


def test_a_config_without_the_suggested_values_cannot_be_resumed():
    code = "def space(trial):\n    return {'lr': 10 ** trial.suggest_float('log_lr', -4, -1)}\n"
    live = sampler(code, parameters={}, search_space="space")
    first = Trial(0, "r", live.ask([]), TrialState.FINISHED, ({"valid_loss": 1.0},))
    assert live.ask([first]) is not None
    with pytest.raises(FashionWbError, match="the study suggested for 'log_lr'"):
        sampler(code, parameters={}, search_space="space").ask([first])
