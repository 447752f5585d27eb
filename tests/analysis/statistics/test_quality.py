"""Duplicates, failures and best trials at a bound, on searches made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from analysis_cases import ACCURACY, search, trial

from analysis.records.space import Range, ranges, values_at_bounds
from analysis.sources.local import search_record
from analysis.statistics.quality import search_quality
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweepfile.sweep import make_sweep

SPACE = {"filters": Range(2, 15), "lr": Range(1e-4, 3e-3)}


def test_the_search_space_of_the_study_has_two_ranges():
    parameters = {
        "filters": {"distribution": "int_uniform", "min": 2, "max": 15},
        "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 3e-3},
        "units1": {"value": 128},
    }
    assert ranges(parameters) == SPACE


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"min": 1, "max": 3}, Range(1, 3)),
        ({"values": [4, 1, 2]}, Range(1, 4)),
        ({"values": [1, 2]}, None),
        ({"values": ["a", "b", "c"]}, None),
        ({"values": [True, False, 3]}, None),
        ({"distribution": "log_uniform", "min": 0, "max": 1}, Range(1, math.e)),
        ({"distribution": "normal", "mu": 0, "sigma": 1}, None),
        ({"distribution": "inv_log_uniform", "min": 1, "max": 2}, None),
        ({"min": 1, "max": 1}, None),
        ({"value": 3}, None),
        (None, None),
    ],
)
def test_only_bounded_parameters_have_a_range(spec, expected):
    assert ranges({"p": spec}) == ({} if expected is None else {"p": expected})


def test_nested_parameters_are_named_by_their_path():
    nested = {"optimizer": {"parameters": {"lr": {"min": 0.0, "max": 1.0}}}}
    space = ranges(nested)
    assert space == {"optimizer.lr": Range(0.0, 1.0)}
    assert values_at_bounds(space, {"optimizer": {"lr": 0.0}}) == (("optimizer.lr", "low"),)
    assert values_at_bounds(space, {"optimizer": 3}) == values_at_bounds(space, {}) == ()


@pytest.mark.parametrize(
    ("filters", "lr", "expected"),
    [
        (2, 1e-3, (("filters", "low"),)),
        (15, 2.99e-3, (("filters", "high"), ("lr", "high"))),
        (14, 1.5e-4, ()),
        (3, 1.01e-4, (("lr", "low"),)),
        (8, 0.0, (("lr", "low"),)),
    ],
)
def test_a_value_within_a_hundredth_of_the_range_is_at_a_bound(filters, lr, expected):
    assert values_at_bounds(SPACE, {"filters": filters, "lr": lr}) == expected


def test_quality_matches_a_count_by_hand():
    trials = (
        trial(0, [0.5], filters=15, lr=1e-3),
        trial(1, [0.6], filters=15, lr=1e-3),
        trial(2, [0.1], "failed", filters=3),
        trial(3, [0.1], "running", filters=4),
    )
    (one,) = search_quality([search(*trials)])
    assert (one.searches, one.proposed, one.duplicates, one.with_result) == (1, 4, 1, 1)
    assert (one.failed.value, one.failed.n) == (1 / 3, 3)
    assert (one.at_bound, one.bounds) == (1, (("filters", "high", 1),))


def test_the_same_configuration_in_two_replicates_is_not_a_duplicate():
    searches = [replace(search(trial(0, [0.5]), sweep=str(n)), replicate=n) for n in range(2)]
    assert search_quality(searches)[0].duplicates == 0


def test_an_unknown_space_gives_none_and_no_trials_give_no_share():
    (one,) = search_quality([replace(search(), parameters={})])
    assert one.at_bound is None and math.isnan(one.failed.value) and one.with_result == 0


def test_a_local_sweep_has_its_space_method_and_replicate(tmp_path):
    parameters = {"filters": {"distribution": "int_uniform", "min": 2, "max": 15}, "units1": {"value": 1}}
    sweep = make_sweep({"method": "random", "metric": {"name": "loss"}, "parameters": parameters}, "bayes-r3")
    found = search_record(open_sweep_dir(tmp_path, sweep, 0))
    assert (found.method, found.replicate, found.space) == ("bayes", 3, {"filters": Range(2, 15)})


def test_the_best_trial_is_chosen_by_the_metric_of_the_search():
    first, second = trial(0, [0.5]), trial(1, [0.4])
    assert search(second, first).best is second
    assert search(first, second, metric=ACCURACY).best is second
    assert search(trial(1, [0.5]), trial(0, [0.5])).best.number == 0
    assert search(trial(0, [0.5], "failed")).best is None


def test_dead_trials_are_those_that_never_leave_chance_level():
    searches = [
        search(trial(0, [2.31, 2.30]), trial(1, [2.31, 1.0]), trial(2, [2.31], "stopped")),
        search(trial(0, [2.31], "failed"), trial(1, [0.5]), trial(2, [])),
    ]
    (found,) = search_quality(searches, dead_above=2.29)
    assert found.dead == 2
    (unknown,) = search_quality(searches)
    assert unknown.dead is None
