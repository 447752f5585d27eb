"""The page's figures of parameters and of time: 30 parameters with names that mean something to Vega."""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
import vl_convert
from html_cases import Page

from analysis.evidence import gather
from analysis.html_report.page import render
from analysis.records.search import SearchRecord
from fashion_wb.trial import Metric, Trial, TrialState

ODD = ("net.a[0]", "a b", "x\\'\"", "größe µ", "p3", "axis", "y", "datum.x", "very " * 12 + "long")
NAMES = (*ODD, "lr", "kind", *(f"more {n}" for n in range(19)))
SPACE: dict[str, Any] = {name: {"min": 0.0, "max": 1.0} for name in NAMES} | {
    "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
    "kind": {"values": ["a", "b", None]},
}
METRIC = Metric("loss[0].x", "minimize")
# The only fields that a figure may refer to.
FIELDS = {
    *("method", "run", "x", "y", "result", "axis", "text", "name", "measure", "value"),
    *("low", "high"),
}
FIELDS |= {"interval"}


def searches() -> list[SearchRecord]:
    """Return two methods of two replicates; "a b" and "lr" drive the loss, some trials take much longer."""
    chance = random.Random(0)
    return [
        SearchRecord(method, f"{method}{r}", METRIC, tuple(_trials(chance, f"{method}{r}", 150)), r, SPACE)
        for method in ("random", "bayes")
        for r in range(2)
    ]


def _trials(chance: random.Random, sweep: str, count: int) -> Iterator[Trial]:
    for number in range(count):
        config: dict[str, Any] = {name: chance.random() for name in NAMES}
        config |= {"lr": 10 ** chance.uniform(-5, 0), "kind": chance.choice(["a", "b", None])}
        seconds = chance.choice([1.0, 2.0, 100.0]) * (1 + chance.random())
        loss = config["a b"] + 0.1 * config["lr"] - 0.002 * seconds
        yield Trial(
            number,
            f"{sweep}-{number}",
            config,
            TrialState.FINISHED,
            ({METRIC.name: loss, "_runtime": seconds},),
        )


@pytest.fixture(scope="module")
def evidence():
    return gather(searches())


@pytest.fixture(scope="module")
def figures(evidence) -> dict[str, dict[str, Any]]:
    return Page(render(evidence)).figures


def _under(key: str, part: Any) -> Iterator[Any]:
    """Yield what stands under `key` anywhere in a specification, outside its data."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == key:
                yield value
            elif name != "datasets":
                yield from _under(key, value)
    elif isinstance(part, list):
        for one in part:
            yield from _under(key, one)


def _heads(spec: dict[str, Any]) -> list[str]:
    """Return the names above the axes of the parallel coordinates, from left to right, as they are drawn."""
    text = json.dumps(spec | {"width": 1200}).replace("currentColor", "#222")
    svg = vl_convert.vegalite_to_svg(json.loads(text))
    turned = re.findall(r"<text[^>]*?translate\(([-\d.]+),[-\d.]+\) rotate[^>]*>([^<]*)</text>", svg)
    return [html.unescape(words) for _, words in sorted(turned, key=lambda pair: float(pair[0]))]


@pytest.mark.parametrize("figure", ["importance", "parallel", "pareto", "slice-0", "slice-11"])
def test_no_name_is_ever_a_field(figures, figure):
    fields = {one for one in _under("field", figures[figure]) if isinstance(one, str)}
    assert fields and fields <= FIELDS
    keys = {key for rows in figures[figure]["datasets"].values() for row in rows for key in row}
    assert {key for key in keys if not re.fullmatch(r"p\d+", key)} <= FIELDS


def test_thirty_parameters_stay_legible(figures, evidence):
    assert len(evidence.subject.parameters) == 30
    assert sum(name.startswith("slice-") for name in figures) == 12
    assert len(figures["importance"]["datasets"]["shares"]) == 2 * 12
    lines = figures["parallel"]["datasets"]["trials"]
    assert {key for key in lines[0] if re.fullmatch(r"p\d+", key)} == {f"p{n}" for n in range(13)}
    assert len(lines) == 500 and len(figures["slice-0"]["datasets"]["dots"]) == 500


def test_the_axes_of_the_parallel_coordinates_stand_in_the_order_of_importance(figures, evidence):
    names = [one.name for one in evidence.by_importance[:12]] + [METRIC.name]
    assert names[0] == "a b"
    heads = _heads(figures["parallel"])
    # Long names are cut, and scales named.
    assert [head[:12] for head in heads] == [
        (name + " (log)")[:12] if name == "lr" else name[:12] for name in names
    ]


def test_heights_follow_the_values(figures, evidence):
    """The worst and best trial drawn stand where the objective's axis ends, or near it."""
    rows = figures["parallel"]["datasets"]["trials"]
    values = evidence.trials.set_index("run")
    low, high = values[evidence.subject.value].agg(["min", "max"])
    for row in rows[::50]:
        own = values.loc[row["run"]]
        assert row["p12"] == pytest.approx((own[evidence.subject.value] - low) / (high - low), abs=1e-3)
        span = values["a b"].max() - values["a b"].min()
        assert row["p0"] == pytest.approx((own["a b"] - values["a b"].min()) / span, abs=1e-3)


def test_slices_have_the_scale_of_their_parameter(evidence):
    few = gather([_only(one, ("a b", "lr", "kind")) for one in searches()])
    page = Page(render(few)).figures
    slices = {name: page[f"slice-{i}"]["encoding"]["x"] for i, name in enumerate(_names(few))}
    assert slices["lr"]["scale"]["type"] == "log"
    assert slices["kind"]["type"] == "nominal" and slices["kind"]["scale"]["domain"] == ["a", "b", "null"]
    assert "type" not in slices["a b"]["scale"]


def _names(evidence) -> list[str]:
    return [one.name for one in evidence.by_importance]


def _only(one: SearchRecord, names: tuple[str, ...]) -> SearchRecord:
    trials = tuple(
        Trial(t.number, t.run_id, {name: t.config[name] for name in names}, t.state, t.history)
        for t in one.trials[:20]
    )
    space = {name: SPACE[name] for name in names}
    return SearchRecord(one.method, one.sweep, one.metric, trials, one.replicate, space)


def test_the_line_of_a_front_runs_through_its_trials_only(figures, evidence):
    rows = figures["pareto"]["datasets"]["fronts"]
    points = evidence.fronts.points
    assert [row["run"] for row in rows] == points["run"].tolist()
    assert {"step-after"} == {
        one["interpolate"] for one in _under("mark", figures["pareto"]) if one["type"] == "line"
    }
    for method in evidence.methods:
        own = [(row["x"], row["y"]) for row in rows if row["method"] == method]
        assert own == sorted(own) and [y for _, y in own] == sorted((y for _, y in own), reverse=True)
    assert "log" in {one.get("type") for one in _under("scale", figures["pareto"])}
