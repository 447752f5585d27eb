"""The list of hyperparameters and the checks of their values."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_wb.cnn import config
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.errors import FashionWbError


def test_names_are_the_fields_in_order():
    assert config.NAMES == ("filters", "units1", "units2", "lr", "epochs", "batch_size", "seed")
    assert tuple(asdict(TrainConfig())) == config.NAMES


@pytest.mark.parametrize("name", config.NAMES)
def test_range_limits_are_allowed_and_values_beyond_are_not(name):
    limits = config.bounds(name)
    for value in (limits.low, limits.high):
        assert getattr(TrainConfig(**{name: value}), name) == value
    step = 1 if config.kind(name) is int else limits.high
    for value in (limits.low - step, limits.high + step):
        with pytest.raises(FashionWbError, match=f"{name} must lie in .* got"):
            TrainConfig(**{name: value})


@pytest.mark.parametrize("value", ["1e-4", None, True, float("nan"), float("inf"), [1]])
@pytest.mark.parametrize("name", config.NAMES)
def test_a_value_that_is_not_a_finite_number_is_an_error(name, value):
    with pytest.raises(FashionWbError, match=f"{name} must be"):
        TrainConfig(**{name: value})


def test_an_error_explains_numbers_that_yaml_reads_as_text():
    with pytest.raises(FashionWbError, match=r"write 1\.0e-4"):
        TrainConfig(lr="1e-4")


def test_zero_is_a_valid_seed():
    assert TrainConfig(seed=0).seed == 0
    assert config.check_value("seed", 0) == 0


@given(st.integers(2, 15))
def test_a_float_without_a_fraction_becomes_an_integer(filters):
    value = TrainConfig(filters=float(filters)).filters
    assert value == filters and type(value) is int


def test_a_fraction_is_an_error_not_rounded():
    with pytest.raises(FashionWbError, match=r"filters must be an integer, got 12\.247915"):
        TrainConfig(filters=12.247915)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones():
    with pytest.raises(FashionWbError, match=r"unknown hyperparameter 'momentum'.*filters"):
        TrainConfig.from_mapping({"momentum": 0.9})
