"""Sweeps with a scheduler block: W&B's own optimizer, told the truth about every trial."""

from __future__ import annotations

import math
import time
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
from optuna.trial import TrialState as OptunaState
from search_cases import METRIC, ROOT, drive, outcome, shown, sweep

from fashion_wb import wandb_private
from fashion_wb.errors import FashionWbError
from fashion_wb.records import Metric, Trial, TrialState
from fashion_wb.samplers import make_search
from fashion_wb.samplers.base import NoPruner
from fashion_wb.samplers.scheduler import SchedulerSampler
from fashion_wb.samplers.wandb_engine import WandbSampler
from fashion_wb.sweepfile import make_sweep

SPACE = {"x": {"min": 0.0, "max": 1.0}, "u": {"value": 3}}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def studies(monkeypatch):
    """The studies of the optimizers that W&B builds, in order."""
    built = []
    make = wandb_private.make_optimizer

    def spy(info):
        optimizer = make(info)
        built.append(optimizer.study)
        return optimizer

    monkeypatch.setattr(wandb_private, "make_optimizer", spy)
    return built


def config(parameters=None, **scheduler):
    block = {"engine": "optuna", **scheduler}
    space = SPACE if parameters is None else parameters
    return {"method": "custom", "metric": {"name": "valid_loss"}, "scheduler": block, "parameters": space}


def sampler(code=None, parameters=None, seed=0, **scheduler):
    if code is not None:
        Path("own.py").write_text("import optuna\n" + code, encoding="utf-8")
        scheduler = {"source": "own.py", **scheduler}
    return SchedulerSampler(config(parameters, **scheduler), METRIC, "sweep-id", seed)


def trial(number, x, values=(), state=TrialState.FINISHED):
    rows = tuple({"_step": step, "valid_loss": value} for step, value in enumerate(values))
    return Trial(number, f"r{number}", {"x": x, "u": 3}, state, rows)


ONE_OF_EACH = [
    trial(0, 0.1, (3.0, 1.0, 2.0)),
    trial(1, 0.2, (5.0, 4.0, 4.5), TrialState.STOPPED),
    trial(2, 0.3, (1.0,), TrialState.FAILED),
    trial(3, 0.4, (math.nan,)),
    trial(4, 0.5, (), TrialState.STOPPED),
    trial(5, 0.6, (7.0,), TrialState.RUNNING),
]
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
def test_a_resumed_study_has_every_trial_in_its_place_and_state(studies, scheduler):
    sampler(FUNCTION, **scheduler).ask(ONE_OF_EACH)
    found = studies[-1].trials
    assert [(t.state, t.value) for t in found[:6]] == STATES
    assert [t.params["x"] for t in found[:6]] == [t.config["x"] for t in ONE_OF_EACH]
    assert found[1].intermediate_values == {0: 5.0, 1: 4.0, 2: 4.5}
    assert [t.number for t in found] == list(range(7))


def test_a_study_that_follows_along_is_that_of_a_resumed_one(studies):
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
def test_a_thousand_trials_are_resumed_within_seconds(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    configs = [t.config for t in drive(make_search(sweep(name), "id", 0)[0], 10)]
    trials = [outcome(number, configs[number % 10]) for number in range(1000)]
    start = time.monotonic()
    assert make_search(sweep(name), "id", 0)[0].ask(trials) is not None
    assert time.monotonic() - start < 10  # measured: 0.2 to 0.4


def test_without_an_optimizer_the_seed_decides():
    def first(seed):
        return [sampler(seed=seed).ask([trial(k, k / 20, (k / 20,)) for k in range(n)]) for n in (0, 15)]

    assert first(1) == first(1)
    assert all(a != b for a, b in zip(first(1), first(2), strict=True))


def test_a_search_space_function_is_followed():
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


def test_values_that_the_study_did_not_suggest_cannot_be_resumed():
    code = "def space(trial):\n    return {'lr': 10 ** trial.suggest_float('log_lr', -4, -1)}\n"
    live = sampler(code, parameters={}, search_space="space")
    first = Trial(0, "r", live.ask([]), TrialState.FINISHED, ({"valid_loss": 1.0},))
    assert live.ask([first]) is not None
    with pytest.raises(FashionWbError, match="'log_lr'"):
        sampler(code, parameters={}, search_space="space").ask([first])


STUDY = "def study(sweep):\n    return optuna.create_study({})\n"


@pytest.mark.parametrize(
    ("code", "scheduler", "text"),
    [
        (None, {"source": "absent.py", "optimizer": "study"}, "no such file 'absent.py'"),
        ("x = 1", {"optimizer": "study"}, "no attribute 'study'"),
        ("study = 1", {"optimizer": "study"}, "not a function"),
        ("def study(sweep):\n    return 1", {"optimizer": "study"}, "returned int"),
        ("def study():\n    return 1", {"optimizer": "study"}, "one SweepInfo argument"),
        ("def study(sweep):\n    return 1 / 0", {"optimizer": "study"}, "ZeroDivisionError"),
        ("def study(sweep:", {"optimizer": "study"}, "SyntaxError"),
        (STUDY.format("direction='maximize'"), {"optimizer": "study"}, "does not match"),
        (
            "def study(sweep):\n    s = optuna.create_study()\n    s.ask()\n    return s",
            {"optimizer": "study"},
            "already has trials",
        ),
        ("def space(trial):\n    return 1", {"search_space": "space"}, "not a dict"),
        ("def space(trial):\n    return 1 / 0", {"search_space": "space"}, "ZeroDivisionError"),
        (None, {"optimizer": "study"}, "source"),
        (None, {"engine": "ax"}, "scheduler"),
        (None, {"engine": "vizier"}, "vizier"),
    ],
)
def test_what_is_wrong_with_the_users_file_is_said(code, scheduler, text):
    with pytest.raises(FashionWbError, match=text):
        sampler(code, **scheduler)


def test_an_error_while_suggesting_is_said():
    code = "n = 0\ndef space(trial):\n    global n\n    n += 1\n    return {'x': 1 / (2 - n)}"
    with pytest.raises(FashionWbError, match="ZeroDivisionError"):
        sampler(code, parameters={}, search_space="space").ask([])


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"parameters": {"y": {"value": 1}}}, r"parameters\.x: .*nested"),
        ({"distribution": "normal", "mu": 0.0, "sigma": 1.0}, r"parameters\.x: .*normal"),
        ({"distribution": "beta", "a": 1, "b": 1}, "beta"),
        ({"distribution": "log_uniform", "min": -3.0, "max": 0.0}, "log_uniform"),
    ],
)
def test_parameters_that_the_engine_does_not_have(spec, text):
    with pytest.raises(FashionWbError, match=text):
        sampler(parameters={"x": spec})


def test_a_metric_is_needed():
    with pytest.raises(FashionWbError, match="metric"):
        SchedulerSampler(config(), None, "id", 0)


def test_lists_and_mappings_are_categories_like_any_other():
    values = [[1, 2], {"a": 1}, None]
    search = sampler(parameters={"c": {"values": values}, "d": {"value": [3]}})
    trials = []
    for number in range(15):
        found = search.ask(trials)
        assert found["c"] in values
        assert found["d"] == [3]
        trials.append(Trial(number, "r", found, TrialState.FINISHED, ({"valid_loss": number},)))


MEDIAN = STUDY.format(
    "pruner=optuna.pruners.MedianPruner(n_startup_trials=2), sampler=optuna.samplers.RandomSampler(0)"
)


def test_the_studys_pruner_stops_running_trials():
    good = [trial(0, 0.1, (1.0, 1.0)), trial(1, 0.2, (2.0, 2.0))]
    running = [trial(2, 0.3, (8.0, 9.0), TrialState.RUNNING), trial(3, 0.4, (1.5, 0.5), TrialState.RUNNING)]
    search = sampler(MEDIAN, optimizer="study")
    assert search.stop([*good, trial(2, 0.3, (1.4,), TrialState.RUNNING)]) == set()
    assert search.stop([*running[::-1], *good]) == {2}
    assert search.stop([*good, *running]) == {2}
    assert sampler(MEDIAN, optimizer="study").stop([*good, *running]) == {2}
    stopped = trial(2, 0.3, (8.0, 9.0, 9.0), TrialState.STOPPED)
    assert search.stop([*good, stopped, running[1]]) == set()


def test_what_the_pruner_saw_does_not_change_the_suggestions():
    good = [trial(0, 0.1, (1.0, 1.0)), trial(1, 0.2, (2.0, 2.0))]
    code = STUDY.format(
        "pruner=optuna.pruners.MedianPruner(n_startup_trials=2), sampler=optuna.samplers.TPESampler("
        "seed=1, n_startup_trials=2)"
    )
    plain, pruning = sampler(code, optimizer="study"), sampler(code, optimizer="study")
    hidden = trial(2, 0.3, (), TrialState.RUNNING)
    assert pruning.stop([*good, trial(2, 0.3, (8.0, 9.0), TrialState.RUNNING)]) == {2}
    assert pruning.ask([*good, hidden]) == plain.ask([*good, hidden])


def test_a_study_without_a_pruner_builds_nothing_to_prune_with(studies):
    search = sampler()
    assert search.stop([trial(0, 0.1, (1.0,), TrialState.RUNNING)]) == set()
    assert len(studies) == 1


def test_queued_trials_come_first_and_are_resumed():
    code = STUDY.format("sampler=optuna.samplers.RandomSampler(0)").replace("return ", "s = ")
    code += (
        "    s.enqueue_trial({'x': 0.25, 'u': 3})\n    s.enqueue_trial({'x': 0.75, 'u': 3})\n    return s\n"
    )
    search = sampler(code, optimizer="study")
    assert search.ask([]) == {"x": 0.25, "u": 3}
    first = trial(0, 0.25, (1.0,))
    assert search.ask([first]) == {"x": 0.75, "u": 3}
    assert sampler(code, optimizer="study").ask([first]) == {"x": 0.75, "u": 3}
    with pytest.raises(FashionWbError, match="'x'"):
        sampler(code, optimizer="study").ask([trial(0, 0.9, (1.0,))])


@pytest.mark.parametrize("resumes", [False, True])
def test_a_spent_grid_sampler_ends_the_search(resumes):
    code = STUDY.format("sampler=optuna.samplers.GridSampler({'a': [1, 2], 'b': [3, 4]}, seed=0)")
    parameters = {"a": {"values": [1, 2]}, "b": {"values": [3, 4]}}
    search = sampler(code, parameters=parameters, optimizer="study")
    trials = []
    for number in range(5):
        if resumes:
            search = sampler(code, parameters=parameters, optimizer="study")
        found = search.ask(trials)
        if found is None:
            break
        trials.append(Trial(number, "r", found, TrialState.FINISHED, ({"valid_loss": 1.0},)))
    assert sorted((t.config["a"], t.config["b"]) for t in trials) == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_a_terminator_ends_the_search():
    code = "def study(sweep):\n    return optuna.create_study(), lambda s: len(s.trials) >= 2\n"
    assert sampler(code, optimizer="study").ask([trial(0, 0.1, (1.0,))]) is not None
    assert sampler(code, optimizer="study").ask([trial(0, 0.1, (1.0,)), trial(1, 0.2, (1.0,))]) is None


def test_optuna_is_quiet_and_left_as_loud_as_it_was(capsys):
    before = optuna.logging.get_verbosity()
    sampler(STUDY.format("sampler=optuna.samplers.TPESampler(group=True)"), optimizer="study").ask(
        ONE_OF_EACH
    )
    assert optuna.logging.get_verbosity() == before
    assert capsys.readouterr().err == ""


def test_wandbs_own_engine_is_the_search_without_a_scheduler():
    block = {"method": "random", "program": "x", "parameters": SPACE}
    plain, pruner = make_search(make_sweep(block, "a"), "id", 4)
    engine, _ = make_search(make_sweep({**block, "scheduler": {"engine": "wandb"}}, "a"), "id", 4)
    assert isinstance(engine, WandbSampler)
    assert isinstance(pruner, NoPruner)
    assert engine.ask([]) == plain.ask([])


class Counting:
    """An optimizer with nothing but the methods of W&B's contract, such as the Ax engine has."""

    def __init__(self):
        self.told, self.known = [], 0

    def ask_n_runs(self, n):
        self.known += 1
        values = wandb_private.RunConfig.from_values({"x": self.known, "u": 3})
        return [SimpleNamespace(config=values, run_id=f"own{self.known}")]

    def tell_existing_active_run(self, data):
        self.known += 1
        return f"own{self.known}"

    def tell_run(self, run_id, data):
        self.told.append((run_id, data.state.value, data.summary_metrics))

    def should_terminate_sweep(self):
        return False


def test_any_optimizer_of_the_contract_is_driven(monkeypatch):
    made = []
    monkeypatch.setattr(wandb_private, "make_optimizer", lambda info: made.append(Counting()) or made[-1])
    search = SchedulerSampler(config(engine="ax"), Metric("valid_loss", "maximize"), "id", 0)
    assert search.ask(ONE_OF_EACH) == {"x": 7, "u": 3}
    assert made[-1].told == [
        ("own1", "finished", {"valid_loss": 3.0}),
        ("own2", "killed", {}),
        ("own3", "failed", {}),
        ("own4", "failed", {}),
        ("own5", "killed", {}),
    ]
    assert search.ask([*ONE_OF_EACH, trial(6, 7, (), TrialState.RUNNING)]) == {"x": 8, "u": 3}
    assert len(made) == 1
