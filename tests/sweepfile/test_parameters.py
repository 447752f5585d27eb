"""One parameter of a space or a configuration is set, at the top level or nested."""

from __future__ import annotations

import pytest

from fashion_wb.sweepfile.parameters import has_parameter, value_of, with_constant, with_value

SPACE = {
    "x": {"min": 0, "max": 1},
    "model.width": {"value": 3},
    "train": {"parameters": {"lr": {"min": 0.0, "max": 1.0}, "data": {"parameters": {"seed": {"value": 0}}}}},
}


@pytest.mark.parametrize("name", ["x", "model.width", "train", "train.lr", "train.data.seed"])
def test_a_parameter_is_found_by_its_key_or_its_dotted_name(name):
    assert has_parameter(SPACE, name)


@pytest.mark.parametrize("name", ["y", "lr", "train.x", "model", "x.y", "train.lr.z", "train.data.seed.z"])
def test_other_names_are_not_found(name):
    assert not has_parameter(SPACE, name)


def test_a_constant_replaces_the_nested_parameter_and_leaves_the_rest():
    found = with_constant(SPACE, "train.data.seed", 7)
    assert found["train"]["parameters"]["data"] == {"parameters": {"seed": {"value": 7}}}
    assert found["train"]["parameters"]["lr"] == SPACE["train"]["parameters"]["lr"]
    assert SPACE["train"]["parameters"]["data"]["parameters"]["seed"] == {"value": 0}


def test_a_key_with_a_dot_is_one_parameter_and_a_new_name_is_added():
    assert with_constant(SPACE, "model.width", 9)["model.width"] == {"value": 9}
    assert with_constant(SPACE, "seed", 9) == {**SPACE, "seed": {"value": 9}}


def test_a_value_of_a_configuration_is_set_where_it_is_nested():
    config = {"x": 1, "a.b": 2, "train": {"data": {"seed": 0, "n": 5}}}
    assert with_value(config, "train.data.seed", 4)["train"] == {"data": {"seed": 4, "n": 5}}
    assert with_value(config, "a.b", 4) == {**config, "a.b": 4}
    assert with_value(config, "seed", 4) == {**config, "seed": 4}
    assert config["train"] == {"data": {"seed": 0, "n": 5}}
    assert [value_of(config, name) for name in ("x", "a.b", "train.data.n")] == [1, 2, 5]
