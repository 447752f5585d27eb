"""The figure of one number a search, by method: every search a dot, the estimate with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis.htmlreport.look import INK, Mark, colour, finish, rounded, shape
from analysis.intervals import Estimate

ROW = 46
ABOVE, BELOW = -8, 8


def strip_spec(
    values: pd.DataFrame,
    estimates: Mapping[str, Estimate],
    marks: Sequence[Mark],
    title: str,
    form: str,
) -> dict[str, Any] | None:
    """Dots and intervals, a row a method.

    Args:
        values: a row a dot: `method`, `value` (NaN is not drawn) and `name`, what the dot is.
        estimates: by method; one without interval is a mark alone, a NaN or infinite one none.
        marks: of all methods.
        title: of the axis, with unit and what the estimate is.
        form: d3 number format of the values.

    Returns:
        The specification, or None where there is nothing to draw.
    """
    known = values[values["value"].map(math.isfinite)]
    if known.empty:
        return None
    dots = [{"method": m, "value": rounded(v), "name": n} for m, v, n in _rows(known)]
    centres = [_centre(method, one) for method, one in estimates.items() if math.isfinite(one.value)]
    order = [mark.method for mark in marks if mark.method in set(known["method"])]
    y = alt.Y("method:N", title=None, sort=order, axis=alt.Axis(grid=False, ticks=False, domain=False))
    chart = alt.layer(*_centres(centres, y, title, marks, form), _dots(dots, y, title, marks, form))
    words = f"{title}, a row a method: " + ", ".join(f"{c['method']} {c['value']:g}" for c in centres) + "."
    return finish(chart, marks, words, ROW * len(order) + 10)


def _dots(dots: list[dict[str, Any]], y: alt.Y, title: str, marks: Sequence[Mark], form: str) -> alt.Chart:
    tips = [alt.Tooltip("method:N"), alt.Tooltip("name:N", title="search"), _value(form)]
    return (
        alt.Chart(alt.Data(values=dots))
        .mark_point(filled=True, opacity=0.65, size=60, yOffset=BELOW)
        .encode(_x("value", title, form), y, color=colour(marks), shape=shape(marks), tooltip=tips)
    )


def _centres(
    centres: list[dict[str, Any]], y: alt.Y, title: str, marks: Sequence[Mark], form: str
) -> list[alt.Chart]:
    base = alt.Chart(alt.Data(values=centres))
    tips = [alt.Tooltip("method:N"), _value(form), alt.Tooltip("interval:N"), alt.Tooltip("n:Q")]
    ends = base.mark_rule(strokeWidth=3, yOffset=ABOVE).encode(
        _x("low", title, form), y, alt.X2("high:Q"), color=colour(marks)
    )
    middle = base.mark_tick(thickness=3, size=18, yOffset=ABOVE, color=INK).encode(
        _x("value", title, form), y, tooltip=tips
    )
    return [ends.transform_filter("isValid(datum.low)"), middle]


def _centre(method: str, one: Estimate) -> dict[str, Any]:
    row = {"method": method, "value": rounded(one.value), "n": one.n, "interval": "none"}
    if math.isfinite(one.low) and math.isfinite(one.high):
        row |= {"low": rounded(one.low), "high": rounded(one.high)}
        row["interval"] = f"{one.low:.4g} to {one.high:.4g} ({100 * one.confidence:.0f}%)"
    return row


def _x(field: str, title: str, form: str) -> alt.X:
    axis = alt.Axis(format=form, tickCount=6)
    return alt.X(f"{field}:Q", title=title, scale=alt.Scale(zero=False), axis=axis)


def _value(form: str) -> alt.Tooltip:
    return alt.Tooltip("value:Q", format=form)


def _rows(values: pd.DataFrame) -> list[tuple[str, float, str]]:
    return list(values[["method", "value", "name"]].itertuples(index=False, name=None))
