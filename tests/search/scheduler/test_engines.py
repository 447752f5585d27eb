"""Pruners, queued trials, terminators and other engines of a scheduler block."""

from __future__ import annotations

from types import SimpleNamespace

import optuna
import pytest
from scheduler_cases import ONE_OF_EACH, SPACE, STUDY, config, sampler, trial

from fashion_wb import wandb_private
from fashion_wb.errors import FashionWbError
from fashion_wb.search.factory import make_search
from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.search.protocol import NoPruner
from fashion_wb.search.scheduler.block import SchedulerSampler
from fashion_wb.search.wandb_engine.sampler import WandbSampler
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Metric, Trial, TrialState

pytestmark = pytest.mark.usefixtures("in_own_folder")


def test_lists_and_mappings_work_as_categories():
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
    assert search.stop([*good, trial(2, 0.3, (1.4,), TrialState.RUNNING)]) == {}
    assert search.stop([*running[::-1], *good]) == {2: None}
    assert search.stop([*good, *running]) == {2: None}
    assert sampler(MEDIAN, optimizer="study").stop([*good, *running]) == {2: None}
    stopped = trial(2, 0.3, (8.0, 9.0, 9.0), TrialState.STOPPED)
    assert search.stop([*good, stopped, running[1]]) == {}


def test_wandbs_rule_in_a_study_tells_what_it_compared():
    metric = Metric("valid_loss", "maximize")
    block = config(optimizer="optuna_tpe_hyperband", source="fashion_wb/search/studies.py")
    block["metric"] = {"name": metric.name, "goal": metric.goal}
    search = SchedulerSampler(block, metric, "id", 0)
    rule = HyperbandPruner({"early_terminate": {"type": "hyperband", "min_iter": 1}}, metric)
    trials = [trial(n, n / 10, (float(n), 5.0), TrialState.RUNNING) for n in range(6)]
    expected = rule.stop(trials)
    assert expected.keys() == {0, 1, 2}
    assert search.stop(trials) == search.stop(trials) == expected


def test_results_that_only_the_pruner_saw_do_not_change_the_suggestions():
    good = [trial(0, 0.1, (1.0, 1.0)), trial(1, 0.2, (2.0, 2.0))]
    code = STUDY.format(
        "pruner=optuna.pruners.MedianPruner(n_startup_trials=2), sampler=optuna.samplers.TPESampler("
        "seed=1, n_startup_trials=2)"
    )
    plain, pruning = sampler(code, optimizer="study"), sampler(code, optimizer="study")
    hidden = trial(2, 0.3, (), TrialState.RUNNING)
    assert pruning.stop([*good, trial(2, 0.3, (8.0, 9.0), TrialState.RUNNING)]) == {2: None}
    assert pruning.ask([*good, hidden]) == plain.ask([*good, hidden])


def test_a_study_without_a_pruner_builds_no_second_optimizer(studies):
    search = sampler()
    assert search.stop([trial(0, 0.1, (1.0,), TrialState.RUNNING)]) == {}
    assert len(studies) == 1


def test_queued_trials_come_first_and_again_after_resuming():
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
def test_a_used_up_grid_sampler_ends_the_search(resumes):
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


def test_optuna_logs_nothing_and_keeps_its_verbosity(capsys):
    before = optuna.logging.get_verbosity()
    sampler(STUDY.format("sampler=optuna.samplers.TPESampler(group=True)"), optimizer="study").ask(
        ONE_OF_EACH
    )
    assert optuna.logging.get_verbosity() == before
    assert capsys.readouterr().err == ""


def test_wandbs_own_engine_equals_the_search_without_a_scheduler():
    block = {"method": "random", "program": "x", "parameters": SPACE}
    plain, pruner = make_search(make_sweep(block, "a"), "id", 4)
    engine, _ = make_search(make_sweep({**block, "scheduler": {"engine": "wandb"}}, "a"), "id", 4)
    assert isinstance(engine, WandbSampler)
    assert isinstance(pruner, NoPruner)
    assert engine.ask([]) == plain.ask([])


class CountingOptimizer:
    """An optimizer with only the methods that W&B requires, like that of the Ax engine."""

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


def test_any_optimizer_with_the_required_methods_works(monkeypatch):
    made = []
    monkeypatch.setattr(
        wandb_private, "make_optimizer", lambda info: made.append(CountingOptimizer()) or made[-1]
    )
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
