"""The single list of hyperparameters."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashion_wb.cnn import config
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.errors import FashionWbError


def test_the_names_are_the_fields_in_order():
    assert config.NAMES == ("filters", "units1", "units2", "lr", "epochs", "batch_size", "seed")
    assert tuple(asdict(TrainConfig())) == config.NAMES


@pytest.mark.parametrize("name", config.NAMES)
def test_both_ends_of_every_range_are_allowed_and_nothing_beyond(name):
    limits = config.bounds(name)
    for value in (limits.low, limits.high):
        assert getattr(TrainConfig(**{name: value}), name) == value
    step = 1 if config.kind(name) is int else limits.high
    for value in (limits.low - step, limits.high + step):
        with pytest.raises(FashionWbError, match=f"{name} must lie in .* got"):
            TrainConfig(**{name: value})


@pytest.mark.parametrize("value", ["1e-4", None, True, float("nan"), float("inf"), [1]])
@pytest.mark.parametrize("name", config.NAMES)
def test_what_is_not_a_number_is_refused(name, value):
    with pytest.raises(FashionWbError, match=f"{name} must be"):
        TrainConfig(**{name: value})


def test_text_that_yaml_did_not_read_as_a_number_is_explained():
    with pytest.raises(FashionWbError, match=r"write 1\.0e-4"):
        TrainConfig(lr="1e-4")


def test_zero_is_a_value():
    assert TrainConfig(seed=0).seed == 0
    assert config.check_value("seed", 0) == 0


@given(st.integers(2, 15))
def test_a_whole_float_becomes_an_integer(filters):
    value = TrainConfig(filters=float(filters)).filters
    assert value == filters and type(value) is int


def test_a_fraction_is_not_rounded_to_an_integer():
    with pytest.raises(FashionWbError, match=r"filters must be an integer, got 12\.247915"):
        TrainConfig(filters=12.247915)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(FashionWbError, match=r"unknown hyperparameter 'momentum'.*filters"):
        TrainConfig.from_mapping({"momentum": 0.9})
