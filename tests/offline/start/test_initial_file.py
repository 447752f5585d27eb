"""Files of configurations to try first: what they may hold, and how a mistake is reported."""

from __future__ import annotations

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.start.initial_file import read_initial
from fashion_wb.search.space import make_space

PARAMETERS = {
    "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1},
    "layers": {"min": 1, "max": 8},
    "act": {"values": ["relu", "tanh", None, True, "1"]},
    "width": {"distribution": "q_uniform", "min": 8, "max": 64, "q": 8},
    "optim": {"parameters": {"beta": {"min": 0.0, "max": 1.0}, "kind": {"value": "adam"}}},
}
SPACE = make_space({"method": "random", "parameters": PARAMETERS})


def read(tmp_path, text, name="first.yaml", allow_repeats=False):
    (tmp_path / name).write_text(text)
    return read_initial(tmp_path / name, SPACE, allow_repeats)


def test_yaml_takes_nested_mappings_and_dotted_names_and_leaves_out_constants(tmp_path):
    text = (
        "- {lr: 1e-2, layers: 3, act: relu, width: 16, optim: {beta: 0.5, kind: adam}}\n"
        "- optim.beta: 1\n  act: null\n"
        "- {layers: 4.0}\n"
    )
    first, second, third = read(tmp_path, text)
    assert first == {"lr": 0.01, "layers": 3, "act": "relu", "width": 16, "optim.beta": 0.5}
    assert second == {"optim.beta": 1.0, "act": None}
    assert third == {"layers": 4} and type(third["layers"]) is int


def test_csv_takes_dotted_names_and_empty_cells_leave_parameters_out(tmp_path):
    text = "lr,act,optim.beta,layers\n1e-3,tanh,,2\n,null,0.25,\n\n0.1,True,,\n0.1,1,,\n"
    assert read(tmp_path, text, "first.csv") == (
        {"lr": 0.001, "act": "tanh", "layers": 2},
        {"act": None, "optim.beta": 0.25},
        {"lr": 0.1, "act": True},
        {"lr": 0.1, "act": "1"},
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {lr: 0.01}\n- {lr: 0.5}\n", "first.yaml:2: 1.lr: must be a number from 0.0001 to 0.1, got 0.5"),
        ("- {lr: fast}\n", "0.lr: must be a number from 0.0001 to 0.1, got 'fast'"),
        ("- {lr: true}\n", "0.lr: must be a number from 0.0001 to 0.1, got True"),
        ("- {layers: 9}\n", "0.layers: must be an integer from 1 to 8, got 9"),
        ("- {layers: 2.5}\n", "0.layers: must be an integer from 1 to 8, got 2.5"),
        ("- {width: 9}\n", "0.width: must be an integer from 8 to 64 in steps of 8, got 9"),
        ("- {act: gelu}\n", "0.act: must be one of 'relu', 'tanh', None, True, '1', got 'gelu'"),
        ("- {act: 1}\n", "0.act: must be one of .*, got 1"),
        (
            "-\n  lr: 0.01\n  optim:\n    beta: 2\n",
            "first.yaml:4: 0.optim.beta: must be a number from 0.0 to 1",
        ),
        (
            "- {optim: {kind: sgd}}\n",
            "0.optim.kind: must be 'adam', the only value in the sweep file, got 'sgd'",
        ),
        ("- {learning: 1}\n", "0.learning: the sweep file has no such parameter; it has lr, layers"),
        ("- {optim.bet: 1}\n", "0.optim.bet: the sweep file has no such parameter; did you mean optim.beta"),
        ("- {optim: 3}\n", "0.optim: the sweep file has no such parameter"),
        ("- 3\n", "first.yaml:1: 0: must be a mapping"),
        ("lr: 0.01\n", "first.yaml:1: must be a list of configurations"),
        ("- {}\n", "first.yaml:1: 0: gives no parameter"),
        ("[]\n", "has no configurations"),
        ("", "first.yaml: is empty; give a YAML list or a CSV table"),
        (
            "- {lr: 0.01, layers: 3, act: '1', width: 16, optim: {beta: 0}}\n"
            "- {lr: 0.01, layers: 3, act: '1', width: 16, optim: {beta: 0.0}}\n",
            "first.yaml:2: 1: is the same as number 1; give --allow-repeats",
        ),
    ],
)
def test_a_mistake_is_reported_with_its_line_parameter_rule_and_value(tmp_path, text, message):
    with pytest.raises(FashionWbError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr,layers\n0.01,2\n0.01,9\n", "first.csv:3: layers: must be an integer from 1 to 8, got 9"),
        ("lr,lr\n0.01,2\n", "first.csv:1: lr: the column is there twice"),
        ("lr,\n0.01,2\n", "first.csv:1: column 2 has no name"),
        ("lr\n0.01,2\n", "first.csv:2: has 2 cells, but there are 1 columns"),
        ("loss\n0.5\n", "first.csv:2: loss: the sweep file has no such parameter"),
        ("lr\n", "has no configurations"),
    ],
)
def test_a_mistake_in_csv_is_reported_with_its_line(tmp_path, text, message):
    with pytest.raises(FashionWbError, match=message):
        read(tmp_path, text, "first.csv")


@pytest.mark.parametrize("name", ["none.yaml", "none.csv"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FashionWbError, match=f"{name}: no such file"):
        read_initial(tmp_path / name, SPACE, False)


def test_a_configuration_may_be_there_twice_if_repeats_are_allowed(tmp_path):
    text = "- {lr: 0.01, layers: 3, act: relu, width: 16, optim.beta: 0.5}\n" * 2
    assert len(read(tmp_path, text, allow_repeats=True)) == 2
