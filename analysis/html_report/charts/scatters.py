"""The figure of where in the search space results are good: a panel per method, a dot per trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import to_hex

from analysis.evidence import Evidence
from analysis.figures.scales import beyond, colour_ends
from analysis.formatting import count_of
from analysis.html_report.charts.style import INK, Mark, chart_of, rounded, short, to_spec, viridis
from analysis.records.flat import Kind
from analysis.records.subject import Parameter, Subject
from fashion_wb.trial import TrialState

# More dots hide one another and make the page larger.
MAX_DOTS = 2000
SEED = 0
PANEL_HEIGHT = 200


@dataclass(frozen=True)
class Panel:
    """One method's part of a figure: its heading and its specification."""

    method: str
    heading: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class ResultPanels:
    """The objective over two parameters.

    Attributes:
        panels: one per method that has a dot to draw.
        names: the parameters on the axes.
        low: the objective at the lower end of the colour scale.
        high: the objective at its upper end.
        gradient: the scale as CSS colours, low to high.
        note: says what is not drawn; empty if all is drawn.
    """

    panels: tuple[Panel, ...]
    names: tuple[str, ...]
    low: float
    high: float
    gradient: tuple[str, ...]
    note: str


def thinned(trials: pd.DataFrame, most: int = MAX_DOTS) -> tuple[pd.DataFrame, str]:
    """Keep a fixed random sample of at most `most` rows, in their order, and say so in a sentence."""
    if len(trials) <= most:
        return trials, ""
    kept = np.sort(np.random.default_rng(SEED).choice(len(trials), most, replace=False))
    return trials.iloc[kept], f"Only {most:,} of {len(trials):,} trials are drawn, chosen at random."


def result_panels(evidence: Evidence, marks: Sequence[Mark]) -> ResultPanels | None:
    """Make a panel per method: finished trials coloured by the objective, stopped ones as grey crosses.

    Args:
        evidence: the study.
        marks: of all methods.

    Returns:
        The panels, or None if there are not two parameters, or no finished trial has a value of both that the
        axes can show.
    """
    trials, value = evidence.trials, evidence.subject.value
    if len(evidence.shown) < 2:
        return None
    x, y = evidence.shown
    placed = trials[shows(x, trials) & shows(y, trials)]
    finished = (placed["state"] == TrialState.FINISHED) & placed[value].notna()
    every = placed[finished | (placed["state"] == TrialState.STOPPED)]
    if not finished.any():
        return None
    results = placed.loc[finished, value]
    low, high = colour_ends(results, evidence.subject.sign)
    drawn, note = thinned(every)
    axes = parameter_axis(alt.X, "x", x, every), parameter_axis(alt.Y, "y", y, every)
    panels = []
    for mark in marks:
        own = drawn[drawn["method"] == mark.method]
        if not own.empty:
            heading = _heading(trials[trials["method"] == mark.method])
            panels.append(Panel(mark.method, heading, _panel(own, axes, mark, marks, evidence, (low, high))))
    absent = len(trials) - len(every)
    notes = [note] if note else []
    if outside := beyond(results, (low, high)):
        notes.append(f"{count_of(outside, 'trial')} far worse than the others: in the darkest colour.")
    if absent:
        notes.append(f"Not drawn: trials that failed, are running or lack a value ({absent}).")
    return ResultPanels(
        tuple(panels), (x.name, y.name), low, high, _gradient(evidence.subject), " ".join(notes)
    )


def parameter_axis(channel: type[Any], field: str, parameter: Parameter, trials: pd.DataFrame) -> Any:
    """Make the axis of a parameter, around all trials drawn. One trial gets a range too.

    Args:
        channel: `alt.X` or `alt.Y`.
        field: the field that holds the values in the chart's rows.
        parameter: the parameter.
        trials: at least one, each with a value that the axis can show.
    """
    title = short(parameter.name) + (" (log scale)" if parameter.log else "")
    values = trials[parameter.column]
    if parameter.kind is Kind.CATEGORY:
        scale = alt.Scale(domain=sorted(map(str, values.unique())))
        return channel(f"{field}:N", title=title, scale=scale, axis=alt.Axis(labelAngle=0))
    low, high = float(values.min()), float(values.max())
    if parameter.log:
        scale = alt.Scale(type="log", domain=[rounded(low / 1.5), rounded(high * 1.5)], nice=False)
        return channel(f"{field}:Q", title=title, scale=scale, axis=_powers(values))
    whole = bool((values.astype("float64") % 1 == 0).all())
    room = max(1.0 if whole else 0.0, 0.06 * (high - low)) or 0.05 * max(abs(high), 1e-9)
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    return channel(f"{field}:Q", title=title, scale=scale, axis=whole_numbers() if whole else alt.Axis())


def shows(parameter: Parameter, trials: pd.DataFrame) -> pd.Series[Any]:
    """Tell for every trial whether the axis of `parameter_axis` has a place for its value."""
    values = trials[parameter.column]
    return values.gt(0).fillna(False).astype(bool) if parameter.log else values.notna()


def _panel(
    own: pd.DataFrame,
    axes: tuple[alt.X, alt.Y],
    mark: Mark,
    marks: Sequence[Mark],
    evidence: Evidence,
    colours: tuple[float, float],
) -> dict[str, Any]:
    done = own["state"] == TrialState.FINISHED
    x, y = evidence.shown
    tips = ["run:N", "state:N", parameter_tip("x", x), parameter_tip("y", y)]
    name = evidence.subject.metric.name
    tips.append(alt.Tooltip("result:Q", title=short(name), format=evidence.form))
    base = {"tooltip": tips, "x": axes[0], "y": axes[1]}
    stopped = (
        chart_of("stopped")
        .mark_point(shape="M-1,-1L1,1M1,-1L-1,1", size=34, color=INK, opacity=0.5, strokeWidth=1.2)
        .encode(**base)
    )
    finished = (
        chart_of("finished")
        .mark_point(filled=True, shape=mark.path, size=70, opacity=1, stroke=INK, strokeWidth=0.7)
        .encode(**base, fill=alt.Fill("result:Q", scale=viridis(evidence.subject, colours), legend=None))
    )
    datasets = {"stopped": _rows(own[~done], evidence), "finished": _rows(own[done], evidence)}
    description = f"{mark.method}: {short(y.name)} against {short(x.name)}; {_heading(own)}."
    return to_spec(alt.layer(stopped, finished), marks, description, PANEL_HEIGHT, datasets)


def parameter_tip(field: str, parameter: Parameter) -> alt.Tooltip:
    """Show a parameter's value in a tooltip."""
    kind = "N" if parameter.kind is Kind.CATEGORY else "Q"
    return alt.Tooltip(f"{field}:{kind}", title=short(parameter.name))


def _rows(trials: pd.DataFrame, evidence: Evidence) -> list[dict[str, Any]]:
    x, y = evidence.shown
    columns = ["method", "run", "state", x.column, y.column, evidence.subject.value]
    return [
        {"method": m, "run": r, "state": s, "x": plain(a), "y": plain(b)}
        | ({} if math.isnan(found) else {"result": rounded(found)})
        for m, r, s, a, b, found in trials[columns].itertuples(index=False, name=None)
    ]


def plain(value: Any) -> str | float:
    """Return a value of a parameter for a row of a chart."""
    return value if isinstance(value, str) else rounded(value)


def _gradient(subject: Subject) -> tuple[str, ...]:
    ends = (1, 0) if subject.sign > 0 else (0, 1)
    return tuple(to_hex(colormaps["viridis"](share)) for share in np.linspace(*ends, 9))


def _heading(trials: pd.DataFrame) -> str:
    counts = trials["state"].value_counts()
    return ", ".join(f"{counts[state]} {state}" for state in TrialState if state in counts)


def whole_numbers() -> alt.Axis:
    """An axis whose ticks are integers."""
    return alt.Axis(format="d", tickMinStep=1, tickCount=7)


def _powers(values: pd.Series[Any]) -> alt.Axis:
    return alt.Axis(format=".0e", values=powers_of_ten(values))


def powers_of_ten(values: pd.Series[Any]) -> list[float]:
    """List 1 and 3 times the powers of ten within the range of `values`, which are above 0."""
    low, high = math.floor(math.log10(values.min())), math.ceil(math.log10(values.max()))
    step = max(1, (high - low) // 5)
    marks = [rounded(factor * 10.0**power) for power in range(low, high + 1, step) for factor in (1, 3)]
    return [mark for mark in marks if 0.7 * values.min() <= mark <= 1.4 * values.max()]
