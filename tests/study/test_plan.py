"""The plan of a study: paired replicates, separate seeds, equal budgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.records.search_name import split_name
from fashion_wb.errors import FashionWbError
from fashion_wb.study.plan import METHODS, plan_study, retrain_seed, training_seed
from fashion_wb.study.settings import StudyBudget, StudySettings
from fashion_wb.study.subject import own_subject

TRIALS = StudySettings(StudyBudget(trials=7), seed=11, epochs=3, seed_parameter="seed")


def plan(tmp_path, methods=METHODS, replicates=4, settings=TRIALS):
    return plan_study(own_subject(methods), replicates, settings, tmp_path)


def seed_of(planned):
    return planned.sweep.config["parameters"]["seed"]["value"]


def test_searches_of_one_replicate_differ_in_the_method_only(tmp_path):
    planned = plan(tmp_path)
    for replicate in range(4):
        found = [p for p in planned if p.priority == replicate]
        assert [split_name(p.sweep.name) for p in found] == [(method, replicate) for method in METHODS]
        for p in found:
            assert p.sweep.config["parameters"] == found[0].sweep.config["parameters"]
            assert p.sweep.config["parameters"]["epochs"] == {"value": 3}
            assert p.sweep.run_cap == 7 and p.budget is None
            assert p.folder == tmp_path / "sweeps" / p.sweep.name


def test_each_replicate_has_its_training_seed_and_each_search_its_search_seed(tmp_path):
    planned = plan(tmp_path)
    assert len({seed_of(p) for p in planned}) == 4
    assert len({p.seed for p in planned}) == len(planned)
    other = plan(tmp_path, settings=replace(TRIALS, seed=12))
    assert not {p.seed for p in planned} & {p.seed for p in other}
    assert not {seed_of(p) for p in planned} & {seed_of(p) for p in other}


def test_a_search_does_not_depend_on_the_other_searches_of_the_study(tmp_path):
    alone = plan(tmp_path, ["bayes"], 2)
    assert alone == [p for p in plan(tmp_path) if p.sweep.name in ("bayes-r0", "bayes-r1")]


def test_no_winner_is_retrained_on_a_seed_used_to_choose_it():
    # Seeds have 31 bits: two of these 400 are equal by chance with a probability of 0.00004.
    chosen_by = {training_seed(0, replicate) for replicate in range(100)}
    fresh = {retrain_seed(0, replicate, number) for replicate in range(100) for number in range(3)}
    assert len(fresh) == 300 and not fresh & chosen_by


def test_a_budget_in_steps_allows_more_trials_with_early_stopping(tmp_path):
    settings = replace(TRIALS, budget=StudyBudget(steps=20, steps_per_trial=3))
    planned = plan(tmp_path, ["random", "hyperband", "optuna"], 1, settings)
    assert {(p.budget.total, p.budget.per_trial) for p in planned} == {(20, 3)}
    assert [p.sweep.run_cap for p in planned] == [6, 20, 6]


@pytest.mark.parametrize(
    ("methods", "message"),
    [([], "at least one method"), (["random", "random"], "only once"), (["hyperland"], "choose from bayes")],
)
def test_bad_method_lists_are_refused(tmp_path, methods, message):
    with pytest.raises(FashionWbError, match=message):
        own_subject(methods)
