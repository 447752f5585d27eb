"""The figure of the incumbents, the best trials so far, against what had been spent."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from analysis.html_report.charts.style import (
    INK,
    LINE_WIDTH,
    Mark,
    chart_of,
    colour,
    dash,
    rounded,
    shape,
    short,
    to_spec,
)
from analysis.records.subject import Subject
from analysis.statistics.incumbents.bands import RandomBand
from analysis.statistics.incumbents.curves import Curve

TITLES = {
    "trials": "trials that ended",
    "steps": "{unit}s spent by a search, over all its trials",
    "seconds": "seconds spent by a search, over all its trials",
}
HEIGHT = 340


def incumbent_spec(
    curves: Sequence[Curve], marks: Sequence[Mark], subject: Subject, form: str
) -> dict[str, Any] | None:
    """Draw the median incumbent of each method's searches, with its band or, without one, the searches.

    Args:
        curves: of one axis, from `statistics.incumbents.curves.incumbent_curves`.
        marks: of all methods.
        subject: what the searches have in common.
        form: the format of the objective.

    Returns:
        The specification, or None if no search has an incumbent.
    """
    drawn = [curve for curve in curves if np.isfinite(curve.median).any()]
    if not drawn:
        return None
    axis = drawn[0].axis
    low, high = _results(drawn, subject)
    medians = [row for curve in drawn for row in _median_rows(curve, (low, high), form)]
    thin = [row for curve in drawn for row in _search_rows(curve)]
    ticks = alt.Axis(format=",d", tickMinStep=1, tickCount=8)
    x = alt.X("x:Q", title=TITLES[axis].format(unit=subject.unit), axis=ticks)
    scale = alt.Scale(domain=[low, high], nice=False)
    title = f"{subject.best} {short(subject.metric.name)} so far"
    y = alt.Y("y:Q", title=title, scale=scale)
    band = (
        chart_of("medians")
        .transform_filter("isValid(datum.low)")
        .mark_area(interpolate="step-after", opacity=0.12, clip=True)
        .encode(x, alt.Y("low:Q", title=title, scale=scale), alt.Y2("high:Q"), color=colour(marks))
    )
    searches = (
        chart_of("searches")
        .mark_line(interpolate="step-after", strokeWidth=1, opacity=0.35, clip=True)
        .encode(x, y, color=colour(marks), strokeDash=dash(marks), detail="search:N")
    )
    lines = _lines(x, y, subject.unit + "s" if axis == "steps" else axis, marks, form)
    parts = [*([band] if any("low" in row for row in medians) else []), *([searches] if thin else []), *lines]
    description = f"{title}, against {axis}, one line per method: {_ends(drawn, form)}"
    datasets = {"medians": medians, "searches": thin}
    return to_spec(alt.layer(*parts), marks, description, HEIGHT, datasets)


def has_band(curves: Sequence[Curve]) -> bool:
    """Whether any method has enough replicates for a band."""
    return any(not math.isnan(curve.confidence) for curve in curves)


def random_sentence(band: RandomBand | None, subject: Subject, form: str) -> str:
    """Say what random search's exact band shows for its longest search; empty if the band has no bounds."""
    if band is None or not (math.isfinite(band.low[-1]) and math.isfinite(band.high[-1])):
        return ""
    return (
        f"The best of {band.trials[-1]} random trials has a median {subject.metric.name} between "
        f"{band.low[-1]:{form}} and {band.high[-1]:{form}}: an exact {100 * band.confidence:.0f}% band "
        f"from all n = {band.n} finished trials of random search, which holds for every number of trials at "
        "once."
    )


def _lines(x: alt.X, y: alt.Y, axis: str, marks: Sequence[Mark], form: str) -> list[alt.Chart]:
    base = chart_of("medians").encode(x, y, color=colour(marks))
    pointed = alt.selection_point(
        name="pointed", fields=["method", "x"], on="pointerover", clear="pointerout", empty=False
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=LINE_WIDTH + 0.4, clip=True)
    point = base.mark_point(filled=True, clip=True, opacity=1, strokeWidth=1.5).transform_filter("datum.fell")
    # Invisible, and as large as a fingertip. Vega-Lite's `nearest` does the same, but its tooltips lose rows.
    target = base.mark_point(filled=True, clip=True, opacity=0, size=500)
    tips = [
        alt.Tooltip("method:N"),
        alt.Tooltip("x:Q", title=axis, format=",.0f"),
        alt.Tooltip("y:Q", title="median of the incumbents", format=form),
        alt.Tooltip("interval:N", title="interval"),
        alt.Tooltip("n:Q", title="searches (n)"),
    ]
    return [
        line.encode(strokeDash=dash(marks)),
        point.encode(
            shape=shape(marks),
            size=alt.condition(pointed, alt.value(150), alt.value(34)),
            stroke=alt.condition(pointed, alt.value(INK), alt.value("transparent")),
        ),
        target.encode(tooltip=tips).add_params(pointed),
    ]


def _median_rows(curve: Curve, ends: tuple[float, float], form: str) -> Iterator[dict[str, Any]]:
    """Give a row at each step of the median or its band, and at the end."""
    bands = np.stack([curve.median, curve.low, curve.high])
    # Compared as text: NaN equals NaN and inf equals inf.
    texts = bands.astype("U32")
    for i in _steps(texts):
        median, low, high = bands[:, i]
        if not math.isfinite(median):
            continue
        row = {"method": curve.method, "x": rounded(curve.grid[i]), "y": rounded(median), "n": curve.n}
        row["fell"] = bool(i == 0 or texts[0, i] != texts[0, i - 1])
        row["interval"] = "none: fewer than 5 searches"
        if math.isfinite(low) or math.isfinite(high):
            texts_of = [f"{end:{form}}" if math.isfinite(end) else "not bounded" for end in (low, high)]
            row["interval"] = f"{' to '.join(texts_of)} ({100 * curve.confidence:.0f}%)"
            row["low"] = rounded(low) if math.isfinite(low) else ends[0]
            row["high"] = rounded(high) if math.isfinite(high) else ends[1]
        yield row


def _search_rows(curve: Curve) -> Iterator[dict[str, Any]]:
    """Give the rows of the single searches, if there are several but too few for a band."""
    if curve.n == 1 or not math.isnan(curve.confidence):
        return
    for search, values in enumerate(curve.values):
        for i in _steps(values[None].astype("U32")):
            if math.isfinite(values[i]):
                x, y = rounded(curve.grid[i]), rounded(values[i])
                yield {"method": curve.method, "search": search, "x": x, "y": y}


def _steps(columns: NDArray[Any]) -> list[int]:
    """Find the columns that differ from the one before; the first and the last always count."""
    last = columns.shape[1] - 1
    changed = (columns[:, 1:] != columns[:, :-1]).any(axis=0).nonzero()[0] + 1
    return sorted({0, last, *changed.tolist()})


def _results(curves: Sequence[Curve], subject: Subject) -> tuple[float, float]:
    """Find the range of results to draw, without the first tenth of the budget, which dwarfs the rest."""
    ends = [curve.median[np.isfinite(curve.median)][-1] for curve in curves]
    late = [curve.median[len(curve.grid) // 10 :] for curve in curves]
    finite = np.concatenate([values[np.isfinite(values)] for values in late])
    edges = [curve.low if subject.sign > 0 else curve.high for curve in curves]
    every = np.concatenate([finite, ends, *(edge[np.isfinite(edge)] for edge in edges)])
    low, high = float(every.min()), float(every.max())
    # An axis needs a range, even around a single result.
    room = 0.06 * (high - low) or max(abs(low) * 0.05, 1e-6)
    return low - room, high + room


def _ends(curves: Sequence[Curve], form: str) -> str:
    ends = (f"{c.method} ends at {c.median[np.isfinite(c.median)][-1]:{form}} (n = {c.n})" for c in curves)
    return ", ".join(ends) + "."
