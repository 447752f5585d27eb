"""The figure of where in the search space results are good: a panel per method, over two parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from analysis.figures.scales import Scale, beyond, colour_ends, scale_of
from analysis.figures.style import GREY, label, message, method_styles, new_figure, tidy
from analysis.records.subject import Parameter, Subject
from fashion_wb.trial import TrialState

PANELS_PER_ROW = 3


def two_parameters_figure(trials: pd.DataFrame, subject: Subject, shown: Sequence[Parameter]) -> Figure:
    """Draw the objective over two parameters, as colour; over one, on the vertical axis too.

    Args:
        trials: from `frames.trials_frame`. Finished trials are filled markers, coloured by the objective.
            Stopped trials are grey crosses: a result after fewer steps is not comparable. The text below the
            panels counts the trials that are not drawn.
        subject: what the searches have in common.
        shown: at most two parameters: those on the axes.
    """
    styles = method_styles(trials["method"].unique())
    rows = max(1, math.ceil(len(styles) / PANELS_PER_ROW))
    figure = new_figure(1.8 + 2.3 * rows)
    name = label(subject.metric.name)
    if not shown:
        axes = figure.subplots()
        axes.set(xticks=[], yticks=[])
        message(axes, "the searches vary no parameter")
        return figure
    x, y = scale_of(shown[0], trials), scale_of(shown[1], trials) if len(shown) > 1 else None
    finished = _drawable(trials, TrialState.FINISHED, [x, y], subject.value)
    stopped = _drawable(trials, TrialState.STOPPED, [x, y], None if y else subject.value)
    ends = (0.0, 1.0) if finished.empty else colour_ends(finished[subject.value], subject.sign)
    norm, outside = Normalize(*ends), beyond(finished[subject.value], ends)
    panels = _grid(figure, rows, len(styles), pd.concat([finished, stopped]), x, y)
    for axes, (method, style) in zip(panels, styles.items(), strict=True):
        parts = [part[part["method"] == method] for part in (finished, stopped)]
        _draw_panel(axes, parts[0], parts[1], x, y, subject, style.marker, norm)
        axes.set_title(_panel_title(method, trials[trials["method"] == method]), fontsize=8.5)
    if not finished.empty:
        extend = "neither" if outside == 0 else "max" if subject.sign > 0 else "min"
        bar = figure.colorbar(ScalarMappable(norm, _colour_map(subject)), ax=panels, aspect=30, extend=extend)
        bar.set_label(f"{name} at the best {subject.unit}")
    by = " and ".join(label(one.name) for one in shown)
    figure.suptitle(f"{name} of finished trials (n = {len(finished)}) by {by}")
    figure.supylabel(name if y is None else y.title, fontsize=10)
    figure.supxlabel(_caption(trials, finished, stopped, outside), fontsize=9)
    return figure


def _colour_map(subject: Subject) -> str:
    """Return matplotlib's name of the colours; brighter is better."""
    return "viridis_r" if subject.sign > 0 else "viridis"


def _drawable(
    trials: pd.DataFrame, state: TrialState, scales: Sequence[Scale | None], value: str | None
) -> pd.DataFrame:
    """Select the trials of a state that have all values; a log scale cannot show 0."""
    known = trials["state"] == state
    for scale in scales:
        if scale is not None:
            known &= scale.shows(trials)
    return trials[known] if value is None else trials[known & trials[value].notna()]


def _grid(
    figure: Figure, rows: int, panels: int, drawn: pd.DataFrame, x: Scale, y: Scale | None
) -> list[Axes]:
    columns = min(PANELS_PER_ROW, max(1, panels))
    every = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    kept, spare = list(every[:panels]), every[panels:]
    for axes in spare:
        axes.remove()
    for axes in kept[-columns:]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(x.title, fontsize=9)
    if kept and drawn.empty:
        kept[0].set(xticks=[], yticks=[])
    elif kept:
        x.apply(kept[0], "x", drawn)
        if y is not None:
            y.apply(kept[0], "y", drawn)
    return kept


def _draw_panel(
    axes: Axes,
    finished: pd.DataFrame,
    stopped: pd.DataFrame,
    x: Scale,
    y: Scale | None,
    subject: Subject,
    marker: str,
    norm: Normalize,
) -> None:
    tidy(axes)
    if finished.empty and stopped.empty:
        message(axes, "nothing to draw")
        return

    def heights(trials: pd.DataFrame) -> NDArray[np.float64]:
        return trials[subject.value].to_numpy(dtype=np.float64) if y is None else y.places(trials)

    crosses = axes.scatter(x.places(stopped), heights(stopped), s=22, c=GREY, marker="x", linewidths=1.1)
    crosses.set_gid("stopped")
    points = axes.scatter(
        x.places(finished),
        heights(finished),
        s=46,
        c=finished[subject.value].to_numpy(dtype=np.float64),
        marker=marker,
        norm=norm,
        cmap=_colour_map(subject),
        edgecolors="black",
        linewidths=0.6,
    )
    points.set_gid("finished")


def _panel_title(method: str, trials: pd.DataFrame) -> str:
    states = (TrialState.FINISHED, TrialState.STOPPED, TrialState.FAILED)
    counts = {state: int((trials["state"] == state).sum()) for state in states}
    return f"{label(method)}\n" + ", ".join(f"{n} {state}" for state, n in counts.items() if n > 0)


def _caption(trials: pd.DataFrame, finished: pd.DataFrame, stopped: pd.DataFrame, outside: int) -> str:
    """Say what the markers mean, how many trials have none, and how many lie beyond the colours."""
    counts = trials["state"].value_counts()
    lines = ["coloured: trained to the end; grey crosses: stopped early, so the result is not comparable"]
    never_drawn = (TrialState.FAILED, TrialState.RUNNING)
    absent = [f"{counts[state]} {state}" for state in never_drawn if state in counts]
    ended = int(trials["state"].isin([TrialState.FINISHED, TrialState.STOPPED]).sum())
    unplaced = ended - len(finished) - len(stopped)
    if unplaced > 0:
        absent.append(f"{unplaced} without a value that the axes can show")
    if outside:
        lines.append(f"{outside} far worse than the others: drawn in the darkest colour")
    return "\n".join([*lines, *([f"not drawn: {', '.join(absent)}"] if absent else [])])
