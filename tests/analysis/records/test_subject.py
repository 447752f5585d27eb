"""What searches have in common: metric, parameters of every kind, odd names."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.records.flat import Kind
from analysis.records.frames import trials_frame
from analysis.records.search import SearchRecord
from analysis.records.subject import subject_of
from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Metric, Trial, TrialState

LOSS = Metric("loss")


def searched(parameters, *configs, method="random", metric=LOSS, row=None):
    rows = ({"loss": 0.5, **(row or {})},)
    trials = tuple(Trial(n, f"r{n}", config, TrialState.FINISHED, rows) for n, config in enumerate(configs))
    return SearchRecord(method, method, metric, trials, 0, parameters)


def kinds(*searches):
    return {one.name: (one.kind, one.log) for one in subject_of(searches).parameters}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"min": 0, "max": 3}, (Kind.NUMBER, False)),
        ({"distribution": "log_uniform_values", "min": 1e-5, "max": 1}, (Kind.NUMBER, True)),
        ({"distribution": "normal", "mu": 0, "sigma": 1}, (Kind.NUMBER, False)),
        ({"values": [1e-4, 1e-3, 1e-2]}, (Kind.NUMBER, True)),
        ({"values": [16, 32]}, (Kind.NUMBER, False)),
        ({"values": ["adam", "sgd"]}, (Kind.CATEGORY, False)),
        ({"values": [1, "auto", None]}, (Kind.CATEGORY, False)),
        ({"values": [True, False]}, (Kind.CATEGORY, False)),
        ({"values": [[1, 2], [3]]}, (Kind.CATEGORY, False)),
    ],
)
def test_the_specification_says_what_a_parameter_is(spec, expected):
    assert kinds(searched({"p": spec, "q": {"value": 1}})) == {"p": expected}


def test_without_a_specification_the_configurations_do():
    found = kinds(searched({}, {"a": 1e-4, "b": "x", "c": 3}, {"a": 1e-1, "b": "y", "c": 3}))
    assert found == {"a": (Kind.NUMBER, True), "b": (Kind.CATEGORY, False)}


def test_constants_are_no_parameters_even_if_they_differ_between_searches():
    first, second = (searched({"seed": {"value": n}, "x": {"min": 0, "max": 1}}, {"seed": n}) for n in (1, 2))
    assert list(kinds(first, second)) == ["x"]
    assert kinds(searched({"net": {"value": {"a": 1}}}, {"net": {"a": 1}}, {"net": {"a": 1}})) == {}


def test_nested_parameters_have_dotted_names_and_their_own_columns():
    spec = {"opt": {"parameters": {"lr": {"min": 0.0, "max": 1.0}, "kind": {"values": ["a", "b"]}}}}
    one = searched(spec, {"opt": {"lr": 0.5, "kind": "a"}}, {"opt": {"lr": 0.1, "kind": "b"}})
    frame = trials_frame([one], subject_of([one]))
    assert frame["opt.lr"].tolist() == [0.5, 0.1] and frame["opt.kind"].tolist() == ["a", "b"]


def test_names_that_a_table_has_already_get_a_prefix():
    one = searched({name: {"values": [1, 2]} for name in ("state", "loss", "accuracy", "ok")}, {"loss": 1})
    subject = subject_of([one], ["accuracy", "seconds"])
    assert subject.columns == ("config.state", "config.loss", "config.accuracy", "ok")
    assert subject.result_columns == {
        "loss": "loss",
        "accuracy": "accuracy",
        "seconds": "summary.seconds",
    }
    frame = trials_frame([one], subject)
    assert len(set(frame.columns)) == len(frame.columns)
    assert frame["config.loss"].tolist() == [1] and frame["loss"].tolist() == [0.5]


def test_categories_are_text_and_null_is_a_category():
    configs = [{"p": value} for value in ("a", None, True, 3, [1, 2])]
    one = searched({"p": {"values": [config["p"] for config in configs]}}, *configs, {})
    found = trials_frame([one], subject_of([one]))["p"].tolist()
    assert found[:5] == ["a", "null", "true", "3", "[1, 2]"] and pd.isna(found[5])


def test_a_step_is_an_epoch_if_the_runs_log_one():
    assert subject_of([searched({}, {})]).unit == "step"
    assert subject_of([searched({}, {}, row={"epoch": 1})]).unit == "epoch"


@pytest.mark.parametrize("other", [Metric("accuracy"), Metric("loss", "maximize")])
def test_searches_of_different_objectives_are_refused_and_named(other):
    both = [searched({}, {}), searched({}, {}, method="bayes", metric=other)]
    with pytest.raises(
        FashionWbError, match=r"different objectives[^$]*loss \(minimize\): random \(random\)"
    ):
        subject_of(both)
