"""The figure of where in the search space accuracy is high: a panel per method, a dot per trial."""

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

from analysis.html_report.charts.style import INK, Mark, chart_of, rounded, to_spec
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
class AccuracyPanels:
    """Validation accuracy over filters and lr.

    Attributes:
        panels: one per method that has a dot to draw.
        low: accuracy at the lower end of the colour scale.
        high: accuracy at its upper end.
        gradient: the scale as CSS colours, low to high.
        note: says what is not drawn; empty if all is drawn.
    """

    panels: tuple[Panel, ...]
    low: float
    high: float
    gradient: tuple[str, ...]
    note: str


def thinned(trials: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Keep a fixed random sample of at most MAX_DOTS rows, in their order, and say so in a sentence."""
    if len(trials) <= MAX_DOTS:
        return trials, ""
    kept = np.sort(np.random.default_rng(SEED).choice(len(trials), MAX_DOTS, replace=False))
    return trials.iloc[kept], f"Only {MAX_DOTS:,} of {len(trials):,} trials are drawn, chosen at random."


def accuracy_panels(trials: pd.DataFrame, marks: Sequence[Mark]) -> AccuracyPanels | None:
    """Make a panel per method: finished trials coloured by accuracy, stopped ones as grey crosses.

    Args:
        trials: from `frames.trials_frame`.
        marks: of all methods.

    Returns:
        The panels, or None if no finished trial has filters, an lr above 0 and an accuracy.
    """
    placed = trials[trials[["filters", "lr"]].notna().all(axis=1) & (trials["lr"] > 0)]
    finished = (placed["state"] == TrialState.FINISHED) & placed["valid_accuracy"].notna()
    every = placed[finished | (placed["state"] == TrialState.STOPPED)]
    if not finished.any():
        return None
    low, high = _colours(placed.loc[finished, "valid_accuracy"])
    drawn, note = thinned(every)
    panels = []
    for mark in marks:
        own = drawn[drawn["method"] == mark.method]
        if not own.empty:
            heading = _heading(trials[trials["method"] == mark.method])
            panels.append(Panel(mark.method, heading, _panel(own, every, mark, marks, (low, high))))
    absent = len(trials) - len(every)
    notes = [note] if note else []
    if absent:
        notes.append(f"Not drawn: trials that failed, are running or lack a value ({absent}).")
    return AccuracyPanels(tuple(panels), low, high, _gradient(), " ".join(notes))


def _panel(
    own: pd.DataFrame, every: pd.DataFrame, mark: Mark, marks: Sequence[Mark], colours: tuple[float, float]
) -> dict[str, Any]:
    done = own["state"] == TrialState.FINISHED
    x, y = _scales(every)
    tips = ["run:N", "state:N", "filters:Q", alt.Tooltip("lr:Q", format=".3g"), _accuracy("accuracy:Q")]
    base = {"tooltip": tips, "x": x, "y": y}
    stopped = (
        chart_of("stopped")
        .mark_point(shape="M-1,-1L1,1M1,-1L-1,1", size=34, color=INK, opacity=0.5, strokeWidth=1.2)
        .encode(**base)
    )
    scale = alt.Scale(scheme="viridis", domain=list(colours))
    finished = (
        chart_of("finished")
        .mark_point(filled=True, shape=mark.path, size=70, opacity=1, stroke=INK, strokeWidth=0.7)
        .encode(**base, fill=alt.Fill("accuracy:Q", scale=scale, legend=None))
    )
    datasets = {"stopped": _rows(own[~done]), "finished": _rows(own[done])}
    description = f"{mark.method}: learning rate against filters; {_heading(own)}."
    return to_spec(alt.layer(stopped, finished), marks, description, PANEL_HEIGHT, datasets)


def _scales(every: pd.DataFrame) -> tuple[alt.X, alt.Y]:
    """Make the axes that all panels share, around all trials drawn. One trial gets a range too."""
    few, many = float(every["filters"].min()), float(every["filters"].max())
    margin = max(1.0, 0.06 * (many - few))
    lrs = [rounded(every["lr"].min() / 1.5), rounded(every["lr"].max() * 1.5)]
    x_scale = alt.Scale(domain=[few - margin, many + margin], nice=False)
    y_scale = alt.Scale(type="log", domain=lrs, nice=False)
    x = alt.X("filters:Q", title="filters (channels)", scale=x_scale, axis=whole_numbers())
    return x, alt.Y("lr:Q", title="lr (log scale)", scale=y_scale, axis=_powers(every["lr"]))


def _rows(trials: pd.DataFrame) -> list[dict[str, Any]]:
    columns = ["method", "run", "state", "filters", "lr", "valid_accuracy"]
    return [
        {"method": m, "run": r, "state": s, "filters": rounded(f), "lr": rounded(lr)}
        | ({} if math.isnan(a) else {"accuracy": rounded(a)})
        for m, r, s, f, lr, a in trials[columns].itertuples(index=False, name=None)
    ]


def _colours(accuracies: pd.Series[Any]) -> tuple[float, float]:
    low, high = float(accuracies.min()), float(accuracies.max())
    return (low, high) if high - low > 1e-6 else (low - 0.005, high + 0.005)


def _gradient() -> tuple[str, ...]:
    return tuple(to_hex(colormaps["viridis"](share)) for share in np.linspace(0, 1, 9))


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


def _accuracy(field: str) -> alt.Tooltip:
    return alt.Tooltip(field, title="validation accuracy", format=".4f")
