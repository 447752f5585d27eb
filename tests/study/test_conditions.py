"""The conditions of a study are recorded and read back."""

from __future__ import annotations

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.study.conditions import (
    FILE,
    check_conditions,
    common_conditions,
    read_conditions,
    write_conditions,
)
from fashion_wb.study.settings import StudyBudget, StudySettings


def test_conditions_are_read_back_and_the_first_record_stays(tmp_path):
    for seed in (0, 1):
        write_conditions(tmp_path / "study", trials=3, seed=seed)
    record = read_conditions(tmp_path / "study")
    assert record["trials"] == 3 and record["seed"] == 0
    assert {"machine", "python", "torch", "wandb"} <= set(record)


def test_a_folder_without_conditions_has_none(tmp_path):
    assert read_conditions(tmp_path) is None
    assert read_conditions(tmp_path / "absent") is None


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_damaged_conditions_are_reported(tmp_path, text):
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FashionWbError, match=rf"{FILE}: .*: delete it, or restore it"):
        read_conditions(tmp_path)


STEPS = StudyBudget(steps=20, steps_per_trial=3)
OLDER = [
    ({"trials": 7, "budget_epochs": None}, StudyBudget(trials=7)),
    ({"trials": 7}, StudyBudget(trials=7)),
    ({"trials": None, "budget_epochs": 20}, STEPS),
]


def settings(budget, seed=1, images=500):
    return StudySettings(budget, seed, 3, "seed", {"training images": images}).record


@pytest.mark.parametrize(("older", "budget"), OLDER)
def test_a_study_of_an_older_version_goes_on_with_the_same_settings_only(tmp_path, older, budget):
    write_conditions(tmp_path, **older, epochs=3, seed=1, training_images="500")
    check_conditions(tmp_path, settings(budget))
    for other, message in (
        (settings(budget, seed=2), "holds a study with seed 1, not 2: give another --out"),
        (settings(budget, images=600), "with training images 500, not training images 600"),
        (settings(StudyBudget(seconds=9.0)), r"with a budget of \d+ (trials|steps), not 9.0 seconds"),
    ):
        with pytest.raises(FashionWbError, match=message):
            check_conditions(tmp_path, other)


@pytest.mark.parametrize("budget", [StudyBudget(trials=7), STEPS, StudyBudget(seconds=9.0)])
def test_a_study_of_this_version_goes_on_with_the_same_settings(tmp_path, budget):
    write_conditions(tmp_path, **settings(budget))
    check_conditions(tmp_path, settings(budget))


def test_a_budget_is_one_of_three():
    for wrong in ({}, {"trials": 1, "seconds": 1.0}, {"trials": 1, "steps": 5, "steps_per_trial": 1}):
        with pytest.raises(FashionWbError, match="give one of --trials, --budget-steps and --budget-seconds"):
            StudyBudget(**wrong)


def test_folders_of_one_study_have_its_conditions_and_others_none(tmp_path):
    one = {"budget": {"trials": 3}, "seed": 1, "extras": {"training images": 500}}
    for name, more in {"a": {"workers": 2}, "b": {"workers": 4}, "c": {"seed": 2}}.items():
        write_conditions(tmp_path / name, **one | more)
    found = common_conditions([tmp_path / "a", tmp_path / "b"])
    assert found is not None and found["workers"] == 2
    assert common_conditions([tmp_path / "a", tmp_path / "c"]) is None
    assert common_conditions([tmp_path / "a", tmp_path / "none"]) is None
    assert common_conditions([tmp_path / "c"]) == read_conditions(tmp_path / "c")
