"""The figure of result against time: a dot per finished trial, a line along each method's Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from analysis.evidence import Evidence
from analysis.html_report.charts.scatters import thinned
from analysis.html_report.charts.style import (
    Mark,
    chart_of,
    colour,
    dash,
    rounded,
    shape,
    short,
    span,
    to_spec,
)
from fashion_wb.trial import TrialState

HEIGHT = 300
MAX_DOTS = 1000
# Times that span this factor are on a log scale.
_WIDE = 30


def pareto_spec(evidence: Evidence, marks: Sequence[Mark]) -> dict[str, Any] | None:
    """Draw the finished trials and the fronts; None if no finished trial has a result and a known time."""
    trials, points, value = evidence.trials, evidence.fronts.points, evidence.subject.value
    if points.empty:
        return None
    known = trials[[value, "seconds"]].notna().all(axis=1) & (trials["state"] == TrialState.FINISHED)
    drawn, _ = thinned(trials[known], MAX_DOTS)
    dots = _rows(drawn.assign(value=drawn[value]))
    name = short(evidence.subject.metric.name)
    times, results = (trials.loc[known, column] for column in ("seconds", value))
    log = times.min() > 0 and times.max() / times.min() >= _WIDE
    x = alt.X("x:Q", title="seconds of a trial" + (" (log scale)" if log else ""), scale=span(times, log))
    y = alt.Y("y:Q", title=name, scale=span(results))
    tips = [
        alt.Tooltip("method:N"),
        alt.Tooltip("run:N"),
        alt.Tooltip("x:Q", title="seconds", format=".4~g"),
        alt.Tooltip("y:Q", title=name, format=evidence.form),
    ]
    all_trials: alt.Chart = chart_of("trials").mark_point(filled=True, size=22, opacity=0.25)
    lines: alt.Chart = chart_of("fronts").mark_line(interpolate="step-after", strokeWidth=1.8)
    ends: alt.Chart = chart_of("fronts").mark_point(filled=True, size=60, opacity=1)
    chart = alt.layer(
        all_trials.encode(x, y, color=colour(marks), shape=shape(marks)),
        lines.encode(x, y, color=colour(marks), strokeDash=dash(marks)),
        ends.encode(x, y, color=colour(marks), shape=shape(marks), tooltip=tips),
    )
    description = f"{name} against the seconds of a trial, with the Pareto front of each method."
    return to_spec(chart, marks, description, HEIGHT, {"trials": dots, "fronts": _rows(points)})


def _rows(trials: Any) -> list[dict[str, Any]]:
    columns = ["method", "run", "seconds", "value"]
    return [
        {"method": m, "run": r, "x": rounded(x), "y": rounded(y)}
        for m, r, x, y in trials[columns].itertuples(index=False, name=None)
    ]
