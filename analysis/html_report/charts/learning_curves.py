"""The figure of what trials logged on the way: a curve each, with early stops and their thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from analysis.figures.scales import colour_ends
from analysis.html_report.charts.history import CROSS
from analysis.html_report.charts.style import INK, rounded, short, to_spec
from analysis.records.subject import Subject

HEIGHT = 320
MAX_CURVES = 200
# States by colour, of those that colour-blind people tell apart, and by width.
_LOOK = {
    "finished": (INK, 1.0, 0.3),
    "failed": (INK, 1.0, 0.3),
    "stopped": ("#D55E00", 1.2, 0.7),
    "running": ("#0072B2", 2.4, 1.0),
    "best": ("#009E73", 2.8, 1.0),
}


@dataclass(frozen=True)
class TrialCurve:
    """What one trial logged.

    Attributes:
        run: its run id.
        state: its state, or "best" for the best trial.
        points: pairs of step and value, at least one.
        stop: the step and the threshold of its early stop; None if it has none, or they are unknown.
    """

    run: str
    state: str
    points: Sequence[tuple[float, float]]
    stop: tuple[float, float] | None = None


def learning_curves_spec(curves: Sequence[TrialCurve], subject: Subject, form: str) -> dict[str, Any] | None:
    """Draw the last MAX_CURVES trials and the best one; None if there is no curve."""
    important = [one for one in curves if one.state in ("best", "running")]
    drawn = [*[one for one in curves if one not in important][-MAX_CURVES:], *important]
    if not drawn:
        return None
    rows = [row for one in drawn for row in _rows(one)]
    ends = [
        {"run": one.run, "state": one.state, "x": one.points[-1][0], "y": rounded(one.points[-1][1])}
        for one in drawn
        if one.state in ("stopped", "failed") or len(one.points) == 1
    ]
    rungs = [
        {"x": one.stop[0], "y": rounded(one.stop[1]), "run": one.run} for one in drawn if one.stop is not None
    ]
    low, high = colour_ends(pd.Series([row["y"] for row in rows], dtype=float), subject.sign)
    room = 0.05 * (high - low) or 0.05 * max(abs(high), 1e-9)
    scale = alt.Scale(domain=[rounded(low - room), rounded(high + room)], nice=False)
    steps = [row["x"] for row in rows]
    x = alt.X(
        "x:Q",
        title=subject.unit,
        axis=alt.Axis(format="d", tickMinStep=1, tickCount=10),
        # Crosses at the first step are not cut in half.
        scale=alt.Scale(domain=[min(steps), max(steps) + 0.1], nice=False, padding=10),
    )
    y = alt.Y("y:Q", title=short(subject.metric.name), scale=scale, axis=alt.Axis(tickCount=6))
    name = short(subject.metric.name)
    tips = [alt.Tooltip("run:N"), alt.Tooltip("state:N"), alt.Tooltip("x:Q", title=subject.unit)]
    tips.append(alt.Tooltip("y:Q", title=name, format=form))
    states = list(_LOOK)
    lines = (
        alt.Chart(alt.NamedData("curves"))
        .mark_line(clip=True)
        .encode(
            x,
            y,
            detail="run:N",
            color=_by_state(alt.Color, [_LOOK[state][0] for state in states]),
            strokeWidth=alt.StrokeWidth("width:Q", scale=None),
            opacity=alt.Opacity("opacity:Q", scale=None),
            tooltip=tips,
        )
    )
    crosses = (
        alt.Chart(alt.NamedData("ends"))
        .mark_point(shape=CROSS, size=36, strokeWidth=1.6, clip=True)
        .encode(x, y, color=_by_state(alt.Color, [_LOOK[state][0] for state in states]), tooltip=tips)
    )
    layers = [lines, crosses]
    if rungs:
        threshold = alt.Tooltip("y:Q", title="threshold", format=form)
        layers.append(
            alt.Chart(alt.NamedData("rungs"))
            .mark_tick(orient="horizontal", width=14, thickness=2, color="#D55E00", clip=True)
            .encode(x, y, tooltip=[alt.Tooltip("run:N", title="stopped"), threshold])
        )
    counts = ", ".join(f"{sum(one.state == state for one in drawn)} {state}" for state in states)
    description = f"{name} of each trial at every {subject.unit}: {counts}."
    datasets = {"curves": rows, "ends": ends, "rungs": rungs}
    return to_spec(alt.layer(*layers), (), description, HEIGHT, datasets)


def _rows(one: TrialCurve) -> list[dict[str, Any]]:
    _, width, opacity = _LOOK[one.state]
    look = {"run": one.run, "state": one.state, "width": width, "opacity": opacity}
    return [{**look, "x": x, "y": rounded(y)} for x, y in one.points]


def _by_state(channel: type[Any], values: list[Any]) -> Any:
    return channel("state:N", scale=alt.Scale(domain=list(_LOOK), range=values), legend=None)
