"""Optuna's distributions: those of the sweep file, and wide enough for every value."""

from __future__ import annotations

import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from analysis.export.distributions import dimension
from fashion_wb.search.parameter_domains import optuna_domain, wandb_domain


def found(spec, *values, method="random"):
    log = "log" in spec.get("distribution", "")
    return dimension("p", wandb_domain(spec, method), log, values)


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        ({"distribution": "int_uniform", "min": 2, "max": 15}, 4, IntDistribution(2, 15)),
        ({"distribution": "uniform", "min": 0.0, "max": 1.0}, 0.25, FloatDistribution(0, 1)),
        (
            {"distribution": "log_uniform_values", "min": 1e-4, "max": 3e-3},
            1e-3,
            FloatDistribution(1e-4, 3e-3, log=True),
        ),
        (
            {"distribution": "log_uniform", "min": -2.0, "max": 0.0},
            0.5,
            FloatDistribution(math.exp(-2), 1, log=True),
        ),
        (
            {"distribution": "q_uniform", "min": 0.3, "max": 1.0, "q": 0.1},
            0.4,
            FloatDistribution(0.3, 1.0, step=0.1),
        ),
        ({"distribution": "q_uniform", "min": 0, "max": 20, "q": 4}, 8, IntDistribution(0, 20, step=4)),
        (
            {"distribution": "q_log_uniform_values", "min": 1, "max": 64, "q": 1},
            8,
            IntDistribution(1, 64, log=True),
        ),
        ({"values": ["adam", "sgd"]}, "sgd", CategoricalDistribution(["adam", "sgd"])),
        ({"values": [64, None, True]}, None, CategoricalDistribution([64, None, True])),
        ({"values": [[1, 2], [3]]}, [3], CategoricalDistribution(["[1, 2]", "[3]"])),
    ],
)
def test_it_is_that_of_the_sweep_file(spec, value, expected):
    one = found(spec, value)
    assert one.distribution == expected and one.note == ""
    held = one.value(value)
    assert one.distribution.to_external_repr(one.distribution.to_internal_repr(held)) == held
    assert held == (value if not isinstance(value, list) else str(value))


def test_optunas_own_steps_are_kept():
    spec = {"distribution": "q_uniform", "min": 1.0, "max": 10.0, "q": 4.0}
    one = dimension("p", optuna_domain(spec), False, [1.0, 9.0])
    assert one.distribution == FloatDistribution(1.0, 9.0, step=4.0)


def test_a_range_grows_by_a_value_outside_it_and_says_so():
    one = found({"distribution": "int_uniform", "min": 2, "max": 15}, 4, 40)
    assert one.distribution == IntDistribution(2, 40)
    assert one.note == "p: the sweep file does not have 40; in Optuna it is an integer from 2 to 40"


def test_an_integer_becomes_a_number_if_a_value_is_one():
    one = found({"distribution": "int_uniform", "min": 2, "max": 15}, 4, 2.5)
    assert one.distribution == FloatDistribution(2, 15) and "does not have 2.5" in one.note


def test_a_whole_number_that_came_back_as_a_float_is_an_integer():
    one = found({"distribution": "int_uniform", "min": 2, "max": 15}, 4.0)
    assert one.distribution == IntDistribution(2, 15) and type(one.value(4.0)) is int


def test_text_where_a_number_was_expected_makes_categories():
    one = found({"distribution": "uniform", "min": 0.0, "max": 1.0}, 0.5, "auto")
    assert one.distribution == CategoricalDistribution([0.5, "auto"]) and "'auto'" in one.note


def test_another_category_is_added_to_those_of_the_file():
    one = found({"values": ["adam", "sgd"]}, "adam", "lion")
    assert one.distribution == CategoricalDistribution(["adam", "sgd", "lion"]) and "'lion'" in one.note


def test_without_bounds_it_spans_what_occurs_and_says_so():
    one = found({"distribution": "normal", "mu": 0.0, "sigma": 1.0}, -1.5, 0.5)
    assert one.distribution == FloatDistribution(-1.5, 0.5) and "no bounds" in one.note
    one = found({"distribution": "log_normal", "mu": 0.0, "sigma": 1.0}, 0.5, 2.0)
    assert one.distribution == FloatDistribution(0.5, 2.0, log=True)


def test_a_bound_that_was_rounded_is_no_other_value():
    low = math.exp(math.log(1e-4)) * (1 - 1e-12)
    one = found({"distribution": "log_uniform_values", "min": 1e-4, "max": 3e-3}, low)
    assert one.distribution == FloatDistribution(low, 3e-3, log=True) and one.note == ""


def test_categories_that_optuna_would_confuse_are_json():
    one = found({"values": [1, True, 1.5]}, True, 1)
    assert one.distribution == CategoricalDistribution(["1", "true", "1.5"])
    assert [one.value(v) for v in (1, True)] == ["1", "true"]


def test_an_integer_that_optuna_cannot_store_is_a_category():
    big = 2**60 + 1
    one = dimension("seed", None, False, [1, big])
    assert one.distribution == CategoricalDistribution([1, big]) and one.value(big) == big


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 5], IntDistribution(1, 5)),
        ([1, 0.5], FloatDistribution(0.5, 1)),
        (["b", "a"], CategoricalDistribution(["b", "a"])),
        ([True, False], CategoricalDistribution([True, False])),
    ],
)
def test_without_a_sweep_file_it_is_what_occurs(values, expected):
    assert dimension("p", None, False, values).distribution == expected
