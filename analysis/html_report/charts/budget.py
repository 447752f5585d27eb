"""Figures against what a search has spent: gain over random search, searches at the target, ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from analysis.html_report.charts.curves import HEIGHT, TITLES
from analysis.html_report.charts.style import (
    INK,
    LINE_WIDTH,
    Mark,
    chart_of,
    colour,
    dash,
    rounded,
    short,
    span,
    to_spec,
)
from analysis.records.subject import Subject
from analysis.statistics.incumbents.gains import Gain
from analysis.statistics.incumbents.ranks import Ranks
from analysis.statistics.incumbents.targets import Reached


def gain_spec(
    gains: Sequence[Gain], marks: Sequence[Mark], subject: Subject, axis: str, form: str, margin: float | None
) -> dict[str, Any] | None:
    """Draw each method's mean gain over random search, with its interval; None without any.

    Args:
        gains: along `axis`.
        marks: of all methods.
        subject: what the searches have in common.
        axis: one of `curves.AXES`.
        form: the format of the objective.
        margin: of equivalence, drawn as a band.
    """
    if not gains:
        return None
    rows: list[dict[str, Any]] = [
        {"method": one.method, "n": one.n}
        | {"x": rounded(x), "y": rounded(y), "low": rounded(low), "high": rounded(high)}
        for one in gains
        for x, y, low, high in zip(one.grid, one.mean, one.low, one.high, strict=True)
        # In its first tenth, luck with one or two trials dwarfs the rest.
        if x > one.grid[-1] / 10
    ]
    levels = [{"level": level} for level in ([0.0] if margin is None else [0.0, margin, -margin])]
    title = f"gain in {short(subject.metric.name)} over random"
    x = _x(axis, subject, rows)
    known = [row[name] for row in rows for name in ("low", "high") if math.isfinite(row[name])]
    # A scale of its own: with all methods hidden, there would be no values to find one from.
    scale = span([*known, *(one["level"] for one in levels), *(row["y"] for row in rows)])
    band = (
        chart_of("gains")
        .mark_area(opacity=0.12)
        .encode(x, alt.Y("low:Q", title=title, scale=scale), alt.Y2("high:Q"), color=colour(marks))
    )
    tips = _tips(axis, subject, "gain", f"+{form}")
    line = _line("gains", x, alt.Y("y:Q", title=title, scale=scale), marks, tips)
    zero = (
        alt.Chart(alt.NamedData("levels"))
        .mark_rule(color=INK, opacity=0.4, strokeDash=[2, 3])
        .encode(y="level:Q")
    )
    ends = ", ".join(f"{one.method} {one.mean[-1]:+{form}} (n = {one.n})" for one in gains)
    described = f"Mean gain over random search against {axis}, one line per method, at the end: {ends}."
    return to_spec(alt.layer(zero, band, line), marks, described, HEIGHT, {"gains": rows, "levels": levels})


def reached_spec(
    reached: Sequence[Reached], marks: Sequence[Mark], subject: Subject, axis: str
) -> dict[str, Any] | None:
    """Draw the share of each method's searches that have reached the target; None if none has."""
    if not any(len(one.spent) for one in reached):
        return None
    rows = []
    for one in reached:
        points = [(0.0, 0.0), *zip(one.spent, one.share, strict=True)]
        if one.end > points[-1][0]:
            points.append((one.end, points[-1][1]))
        rows += [{"method": one.method, "n": one.n, "x": rounded(x), "y": rounded(y)} for x, y in points]
    scale, percent = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    y = alt.Y("y:Q", title="searches at the target", axis=percent, scale=scale)
    tips = _tips(axis, subject, "searches at the target", ".0%")
    line = _line("reached", _x(axis, subject, rows), y, marks, tips, interpolate="step-after")
    ends = ", ".join(f"{one.method} {len(one.spent)} of {one.n}" for one in reached)
    described = f"Share of searches that have reached the target, against {axis}; at the end: {ends}."
    return to_spec(line, marks, described, HEIGHT, {"reached": rows})


def rank_spec(
    ranks: Sequence[Ranks], marks: Sequence[Mark], subject: Subject, axis: str
) -> dict[str, Any] | None:
    """Draw each method's average rank; None for one method, or without replicates of all methods."""
    if len(ranks) < 2 or not ranks[0].n:
        return None
    rows = [
        {"method": one.method, "n": one.n, "x": rounded(x), "y": rounded(y)}
        for one in ranks
        for x, y in zip(one.grid, one.rank, strict=True)
    ]
    scale = alt.Scale(domain=[len(ranks), 1])
    y = alt.Y("y:Q", title="average rank, 1 is best", scale=scale, axis=alt.Axis(tickMinStep=1))
    line = _line("ranks", _x(axis, subject, rows), y, marks, _tips(axis, subject, "average rank", ".2f"))
    ends = ", ".join(f"{one.method} {one.rank[-1]:.2f}" for one in ranks)
    described = f"Average rank among the methods against {axis}; at the end: {ends}."
    return to_spec(line, marks, described, HEIGHT, {"ranks": rows})


def _line(
    name: str, x: alt.X, y: alt.Y, marks: Sequence[Mark], tips: Sequence[alt.Tooltip], **how: Any
) -> alt.Chart:
    line = chart_of(name).mark_line(strokeWidth=LINE_WIDTH, **how)
    drawn: alt.Chart = line.encode(x, y, color=colour(marks), strokeDash=dash(marks), tooltip=list(tips))
    return drawn


def _x(axis: str, subject: Subject, rows: Sequence[Mapping[str, Any]]) -> alt.X:
    ticks = alt.Axis(format=",d", tickMinStep=1, tickCount=8)
    scale = alt.Scale(domain=[0, max((row["x"] for row in rows), default=1)], nice=False)
    return alt.X("x:Q", title=TITLES[axis].format(unit=subject.unit), axis=ticks, scale=scale)


def _tips(axis: str, subject: Subject, title: str, form: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("method:N"),
        alt.Tooltip("x:Q", title=subject.unit + "s" if axis == "steps" else axis, format=",.0f"),
        alt.Tooltip("y:Q", title=title, format=form),
        alt.Tooltip("n:Q", title="n"),
    ]
