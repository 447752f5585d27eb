"""The figure of whole configurations: a line per full-length trial, through its parameters to its result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.evidence import Evidence
from analysis.figures.scales import colour_ends
from analysis.formatting import PLAIN
from analysis.html_report.charts.scatters import shows, thinned
from analysis.html_report.charts.style import INK, PAPER, Mark, chart_of, rounded, short, to_spec, viridis
from analysis.records.flat import Kind
from analysis.records.subject import Parameter
from analysis.statistics.importance import full_length

MOST = 12
# The selection that a reader draws over one axis or several.
BRUSH = "brush"
MAX_LINES = 500
HEIGHT = 300
# More categories than this are not labelled.
_MOST_LABELS = 8


def parallel_spec(evidence: Evidence, marks: Sequence[Mark]) -> tuple[dict[str, Any], str] | None:
    """Draw the MOST most important parameters and the objective; each axis has the range of its values.

    Returns:
        The specification, and a sentence on what is not drawn, perhaps empty. None if there are no two
        parameters and two trials to draw.
    """
    trials = full_length(evidence.trials, evidence.subject)
    varying = [one for one in evidence.by_importance if trials[one.column].nunique() > 1]
    parameters = varying[:MOST]
    for one in parameters:
        trials = trials[shows(one, trials)]
    if len(parameters) < 2 or len(trials) < 2:
        return None
    drawn, note = thinned(trials, MAX_LINES)
    value = evidence.subject.value
    axes = [_Axis(one, trials[one.column]) for one in parameters]
    heights = [axis.heights(drawn[axis.parameter.column]) for axis in axes]
    results = drawn[value].to_numpy(dtype=float)
    low, high = float(trials[value].min()), float(trials[value].max())
    heights.append((results - low) / (high - low) if high > low else np.full(len(results), 0.5))
    rows = [
        {"method": method, "run": run, "result": rounded(result)}
        | {f"p{i}": round(float(column[row]), 4) for i, column in enumerate(heights)}
        for row, (method, run, result) in enumerate(zip(drawn["method"], drawn["run"], results, strict=True))
    ]
    texts = [text for i, axis in enumerate(axes) for text in axis.texts(i)]
    last = len(axes)
    texts += [_text(last, 0, f"{low:{evidence.form}}"), _text(last, 1, f"{high:{evidence.form}}")]
    titles = [*(axis.title for axis in axes), short(evidence.subject.metric.name)]
    colours = viridis(evidence.subject, colour_ends(trials[value], evidence.subject.sign))
    chart = alt.layer(_lines(titles, evidence, colours), *_labels(titles))
    description = f"One line per trial of full length, through {', '.join(titles)}; n = {len(trials)}."
    return to_spec(chart, marks, description, HEIGHT, {"trials": rows, "texts": texts}), note


class _Axis:
    """One parameter's axis: its values as heights from 0 to 1."""

    def __init__(self, parameter: Parameter, values: pd.Series[Any]) -> None:
        self.parameter = parameter
        self.title = short(parameter.name) + (" (log)" if parameter.log else "")
        self.categories = sorted(map(str, values.unique())) if parameter.kind is Kind.CATEGORY else []
        self._low, self._high = (0.0, 1.0) if self.categories else (float(values.min()), float(values.max()))

    def heights(self, values: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        if self.categories:
            places = {name: i for i, name in enumerate(self.categories)}
            return np.asarray(values.map(places), dtype=float) / max(1, len(self.categories) - 1)
        numbers = np.asarray(values, dtype=float)
        ends = np.array([self._low, self._high])
        if self.parameter.log:
            numbers, ends = np.log(numbers), np.log(ends)
        if ends[0] == ends[1]:
            return np.full(len(numbers), 0.5)
        scaled: np.ndarray[Any, np.dtype[np.float64]] = (numbers - ends[0]) / (ends[1] - ends[0])
        return scaled

    def texts(self, place: int) -> list[dict[str, Any]]:
        if self.categories:
            if len(self.categories) > _MOST_LABELS:
                return []
            last = max(1, len(self.categories) - 1)
            return [_text(place, i / last, short(name)) for i, name in enumerate(self.categories)]
        return [_text(place, 0, f"{self._low:{PLAIN}}"), _text(place, 1, f"{self._high:{PLAIN}}")]


def _text(place: int, height: float, text: str) -> dict[str, Any]:
    return {"axis": f"p{place}", "y": round(height, 4), "text": text}


def _lines(titles: Sequence[str], evidence: Evidence, colours: alt.Scale) -> alt.Chart:
    name, keys = short(evidence.subject.metric.name), _keys(titles)
    result = alt.Tooltip("result:Q", title=name, format=evidence.form)
    tips = [alt.Tooltip("method:N"), alt.Tooltip("run:N"), result]
    legend = alt.Legend(orient="bottom", title=name, gradientLength=200)
    folded = chart_of("trials").transform_fold(keys, ["axis", "y"])
    lines: alt.Chart = folded.mark_line(strokeWidth=1.2)
    brush = alt.selection_interval(name=BRUSH, encodings=["x", "y"])
    # A line stays if it passes the rectangle at every axis that the rectangle covers.
    passes = " && ".join(
        f"(indexof({BRUSH}.axis, '{key}') < 0 || inrange(datum.{key}, {BRUSH}.y))" for key in keys
    )
    return lines.encode(
        _x(titles),
        _y(),
        detail="run:N",
        color=alt.Color("result:Q", scale=colours, legend=legend),
        opacity=alt.condition(f"!isDefined({BRUSH}.axis) || ({passes})", alt.value(0.5), alt.value(0.03)),
        tooltip=tips,
    ).add_params(brush)


def _keys(titles: Sequence[str]) -> list[str | alt.FieldName]:
    return [f"p{i}" for i in range(len(titles))]


def _labels(titles: Sequence[str]) -> list[alt.Chart]:
    """The values at the ends of the axes, on a halo that keeps them legible over the lines."""
    base: alt.Chart = alt.Chart(alt.NamedData("texts")).encode(_x(titles), _y(), text="text:N")
    style: dict[str, Any] = {"align": "left", "dx": 4, "fontSize": 11}
    halo = base.mark_text(**style, stroke=PAPER, strokeWidth=4, strokeJoin="round", color=PAPER)
    return [halo, base.mark_text(**style, color=INK)]


def _x(titles: Sequence[str]) -> alt.X:
    # Names are text in an expression, never field names: fields with dots or brackets are paths to Vega.
    expression = f"{json.dumps(list(titles))}[toNumber(slice(datum.value, 1))]"
    axis = alt.Axis(
        labelExpr=expression,
        orient="top",
        domain=False,
        ticks=False,
        grid=True,
        labelAngle=-20,
        labelLimit=110,
    )
    return alt.X(
        "axis:N",
        title=None,
        sort=[f"p{i}" for i in range(len(titles))],
        axis=axis,
        scale=alt.Scale(type="point", padding=0.3),
    )


def _y() -> alt.Y:
    return alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 1], nice=False, padding=8))
