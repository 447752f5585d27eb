"""The figure of a search's history: a dot per trial in order, and the best so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis.figures.scales import colour_ends
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

HEIGHT = 300
# More dots hide one another. The best trials so far are always drawn.
MAX_DOTS = 2000
CROSS = "M-1,-1L1,1M1,-1L-1,1"


def history_spec(
    rows: Sequence[Mapping[str, Any]], marks: Sequence[Mark], subject: Subject, form: str
) -> dict[str, Any] | None:
    """Draw every finished and stopped trial by number, and each search's best so far.

    Args:
        rows: trials as `analysis.view.rows.trial_row` has them.
        marks: of all methods.
        subject: what the searches have in common.
        form: the format of the objective.

    Returns:
        The specification, or None if no trial has a value.
    """
    usable = [row for row in rows if row["state"] in ("finished", "stopped") and row["value"] is not None]
    if not usable:
        return None
    best = list(_incumbents(usable, subject.sign))
    low, high = _ends([row["value"] for row in usable], [row["y"] for row in best], subject.sign)
    every = math.ceil(len(usable) / MAX_DOTS)
    kept = {(row["sweep"], row["x"]) for row in best}
    drawn = [row for at, row in enumerate(usable) if at % every == 0 or (row["sweep"], row["number"]) in kept]
    numbers = [row["number"] for row in usable]
    x = alt.X(
        "x:Q",
        title="trial",
        axis=alt.Axis(format="d", tickMinStep=1, tickCount=8),
        # Marks at the ends are not cut in half.
        scale=alt.Scale(domain=[min(numbers), max(numbers) + 0.1], nice=False, padding=10),
    )
    scale = alt.Scale(domain=[rounded(low), rounded(high)], nice=False, clamp=True)
    y = alt.Y("y:Q", title=short(subject.metric.name), scale=scale, axis=alt.Axis(tickCount=6))
    tips = [alt.Tooltip("run:N"), alt.Tooltip("method:N"), alt.Tooltip("state:N")]
    tips.append(alt.Tooltip("y:Q", title=short(subject.metric.name), format=form))
    dots = chart_of("dots").mark_point(filled=True, size=40, opacity=0.6)
    finished = dots.transform_filter("datum.state == 'finished'").encode(
        x, y, color=colour(marks), shape=shape(marks), tooltip=tips
    )
    stopped = (
        chart_of("dots")
        .transform_filter("datum.state == 'stopped'")
        .mark_point(shape=CROSS, size=30, strokeWidth=1.2, opacity=0.6, color=INK)
        .encode(x, y, tooltip=tips)
    )
    lines = chart_of("best").mark_line(interpolate="step-after", strokeWidth=LINE_WIDTH)
    incumbents = lines.encode(x, y, color=colour(marks), strokeDash=dash(marks), detail="sweep:N")
    found = (min if subject.sign > 0 else max)(row["value"] for row in usable)
    description = f"{short(subject.metric.name)} of each trial, and the best so far: {found:{form}} now."
    datasets = {"dots": [_dot(row) for row in drawn], "best": best}
    return to_spec(alt.layer(stopped, finished, incumbents), marks, description, HEIGHT, datasets)


def _incumbents(rows: Iterable[Mapping[str, Any]], sign: int) -> Iterable[dict[str, Any]]:
    """Give the points where the best of a search changes, and its end."""
    best: dict[str, Mapping[str, Any]] = {}
    last: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["number"]):
        key = row["sweep"]
        last[key] = row
        if key not in best or sign * row["value"] < sign * best[key]["value"]:
            best[key] = row
            yield _point(row, row["value"])
    for key, row in last.items():
        yield _point(row, best[key]["value"])


def _point(row: Mapping[str, Any], value: float) -> dict[str, Any]:
    return {"method": row["method"], "sweep": row["sweep"], "x": row["number"], "y": rounded(value)}


def _dot(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("method", "run", "state", "sweep")},
        "x": row["number"],
        "y": rounded(row["value"]),
    }


def _ends(values: Sequence[float], best: Sequence[float], sign: int) -> tuple[float, float]:
    """Find the range to draw: without outliers among the bad results, which would flatten the rest."""
    ends = colour_ends(pd.Series(values, dtype=float), sign)
    low, high = min(*ends, *best), max(ends) if sign > 0 else max(*ends, *best)
    if sign < 0:
        low = min(ends)
    room = 0.05 * (high - low) or 0.05 * max(abs(high), 1e-9)
    return low - room, high + room
