"""The figure of one number per search, by method: a dot per search, the estimate with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis.html_report.charts.style import (
    INK,
    Mark,
    chart_of,
    colour,
    number_axis,
    rounded,
    shape,
    to_spec,
)
from analysis.statistics.intervals import Estimate

ROW = 46
ABOVE, BELOW = -8, 8


def strip_spec(
    values: pd.DataFrame,
    estimates: Mapping[str, Estimate],
    marks: Sequence[Mark],
    title: str,
    form: str,
    zero: bool = False,
) -> dict[str, Any] | None:
    """Make the figure of dots and intervals, one row per method.

    Args:
        values: a row per dot: `method`, `value` (NaN is not drawn) and `name`, what the dot is.
        estimates: by method. Without an interval only the tick is drawn; from a single value, or if not
            finite, nothing is drawn.
        marks: of all methods.
        title: of the axis, with its unit.
        form: d3 number format of the values.
        zero: whether the axis starts at 0.

    Returns:
        The specification, or None if there is nothing to draw.
    """
    known = values[values["value"].map(math.isfinite)]
    if known.empty:
        return None
    dots = [{"method": m, "value": rounded(v), "name": n} for m, v, n in _rows(known)]
    # An estimate from one value is that value: its dot shows it.
    several = {method: one for method, one in estimates.items() if one.n > 1 and math.isfinite(one.value)}
    centres = [_centre(method, one) for method, one in several.items()]
    order = [mark.method for mark in marks if mark.method in set(known["method"])]
    y = alt.Y("method:N", title=None, sort=order, axis=alt.Axis(grid=False, ticks=False, domain=False))
    scale = alt.Scale(zero=zero, nice=False, padding=14)
    x = {name: _x(name, title, scale, form) for name in ("value", "low")}
    # Vega warns of a scale without values.
    bounded = any("low" in centre for centre in centres)
    parts = _centres(x, y, marks, form, bounded) if centres else []
    datasets = {"dots": dots, "centres": centres}
    chart = alt.layer(*parts, _dots(x, y, marks, form))
    return to_spec(chart, marks, _description(title, order, centres), ROW * len(order) + 10, datasets)


def _dots(x: dict[str, alt.X], y: alt.Y, marks: Sequence[Mark], form: str) -> alt.Chart:
    tips = [alt.Tooltip("method:N"), alt.Tooltip("name:N", title="search"), _value(form)]
    points: alt.Chart = chart_of("dots").mark_point(filled=True, opacity=0.65, size=60, yOffset=BELOW)
    return points.encode(x["value"], y, color=colour(marks), shape=shape(marks), tooltip=tips)


def _centres(
    x: dict[str, alt.X], y: alt.Y, marks: Sequence[Mark], form: str, bounded: bool
) -> list[alt.Chart]:
    base = chart_of("centres")
    tips = [alt.Tooltip("method:N"), _value(form), alt.Tooltip("interval:N"), alt.Tooltip("n:Q")]
    ends = base.mark_rule(strokeWidth=3, yOffset=ABOVE).encode(
        x["low"], y, alt.X2("high:Q"), color=colour(marks)
    )
    middle = base.mark_tick(thickness=3, size=18, yOffset=ABOVE, color=INK).encode(
        x["value"], y, tooltip=tips
    )
    return [ends.transform_filter("isValid(datum.low)"), middle] if bounded else [middle]


def _centre(method: str, one: Estimate) -> dict[str, Any]:
    row = {"method": method, "value": rounded(one.value), "n": one.n, "interval": "none"}
    if math.isfinite(one.low) and math.isfinite(one.high):
        row |= {"low": rounded(one.low), "high": rounded(one.high)}
        row["interval"] = f"{one.low:.4g} to {one.high:.4g} ({100 * one.confidence:.0f}%)"
    return row


def _x(field: str, title: str, scale: alt.Scale, form: str) -> alt.X:
    return alt.X(f"{field}:Q", title=title, scale=scale, axis=number_axis(form, 6))


def _description(title: str, methods: list[str], centres: list[dict[str, Any]]) -> str:
    known = ", ".join(f"{one['method']} {one['value']:g}" for one in centres)
    return f"{title}; rows: {', '.join(methods)}." + (f" Estimates: {known}." if known else "")


def _value(form: str) -> alt.Tooltip:
    return alt.Tooltip("value:Q", format=form)


def _rows(values: pd.DataFrame) -> list[tuple[str, float, str]]:
    return list(values[["method", "value", "name"]].itertuples(index=False, name=None))
