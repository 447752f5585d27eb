"""The figure of where in the search space accuracy is high: a panel per method."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.figures.style import GREY, label, message, method_styles, new_figure, tidy
from fashion_wb.trial import TrialState

PANELS_PER_ROW = 3
COLOUR_MAP = "viridis"


def accuracy_figure(trials: pd.DataFrame) -> Figure:
    """Draw validation accuracy over filters and learning rate.

    Args:
        trials: from `frames.trials_frame`. Finished trials are filled markers, coloured by accuracy.
            Stopped trials are grey crosses: an accuracy after fewer epochs is not comparable. The text
            below the panels counts the trials that are not drawn.
    """
    styles = method_styles(trials["method"].unique())
    finished = _drawable(trials, TrialState.FINISHED, ["filters", "lr", "valid_accuracy"])
    stopped = _drawable(trials, TrialState.STOPPED, ["filters", "lr"])
    norm = _colour_range(finished["valid_accuracy"])
    rows = max(1, math.ceil(len(styles) / PANELS_PER_ROW))
    figure = new_figure(1.8 + 2.3 * rows)
    panels = _grid(figure, rows, len(styles), pd.concat([finished, stopped]))
    for axes, (method, style) in zip(panels, styles.items(), strict=True):
        own_finished, own_stopped = (part[part["method"] == method] for part in (finished, stopped))
        _draw_panel(axes, own_finished, own_stopped, style.marker, norm)
        axes.set_title(_panel_title(method, trials[trials["method"] == method]), fontsize=8.5)
    if not finished.empty:
        bar = figure.colorbar(ScalarMappable(norm, COLOUR_MAP), ax=panels, aspect=30)
        bar.set_label("validation accuracy at the best epoch")
    figure.suptitle(f"Validation accuracy of finished trials (n = {len(finished)}) by filters and lr")
    figure.supylabel("lr (Adam's learning rate, log scale)", fontsize=10)
    figure.supxlabel(_caption(trials, finished, stopped), fontsize=9)
    return figure


def _drawable(trials: pd.DataFrame, state: TrialState, needed: list[str]) -> pd.DataFrame:
    """Select the trials of a state that have all values; a log scale cannot show an lr of 0."""
    return trials[(trials["state"] == state) & trials[needed].notna().all(axis=1) & (trials["lr"] > 0)]


def _colour_range(accuracies: pd.Series[Any]) -> Normalize:
    if accuracies.empty:
        return Normalize(0, 1)
    low, high = accuracies.min(), accuracies.max()
    # A colour scale needs a range, even around a single value.
    return Normalize(low, high) if high - low > 1e-6 else Normalize(low - 0.005, high + 0.005)


def _grid(figure: Figure, rows: int, panels: int, drawn: pd.DataFrame) -> list[Axes]:
    columns = min(PANELS_PER_ROW, max(1, panels))
    every = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).flatten()
    kept, spare = list(every[:panels]), every[panels:]
    for axes in spare:
        axes.remove()
    for axes in kept[-columns:]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("filters (channels)", fontsize=9)
    for axes in kept[:1]:
        _set_scales(axes, drawn)
    return kept


def _set_scales(axes: Axes, drawn: pd.DataFrame) -> None:
    """Set limits around all trials drawn, for all panels. One trial gets a range too."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    if drawn.empty:
        axes.set(xticks=[], yticks=[])
        return
    axes.set_yscale("log")
    axes.set_ylim(drawn["lr"].min() / 1.5, drawn["lr"].max() * 1.5)
    margin = max(1.0, 0.06 * float(drawn["filters"].max() - drawn["filters"].min()))
    axes.set_xlim(float(drawn["filters"].min()) - margin, float(drawn["filters"].max()) + margin)


def _draw_panel(
    axes: Axes, finished: pd.DataFrame, stopped: pd.DataFrame, marker: str, norm: Normalize
) -> None:
    tidy(axes)
    if finished.empty and stopped.empty:
        message(axes, "nothing to draw")
        return
    crosses = axes.scatter(
        _floats(stopped["filters"]), _floats(stopped["lr"]), s=22, c=GREY, marker="x", linewidths=1.1
    )
    crosses.set_gid("stopped")
    points = axes.scatter(
        _floats(finished["filters"]),
        _floats(finished["lr"]),
        s=46,
        c=_floats(finished["valid_accuracy"]),
        marker=marker,
        norm=norm,
        cmap=COLOUR_MAP,
        edgecolors="black",
        linewidths=0.6,
    )
    points.set_gid("finished")


def _floats(values: pd.Series[Any]) -> NDArray[np.float64]:
    return values.to_numpy(dtype=np.float64)


def _panel_title(method: str, trials: pd.DataFrame) -> str:
    states = (TrialState.FINISHED, TrialState.STOPPED, TrialState.FAILED)
    counts = {state: int((trials["state"] == state).sum()) for state in states}
    return f"{label(method)}\n" + ", ".join(f"{n} {state}" for state, n in counts.items() if n > 0)


def _caption(trials: pd.DataFrame, finished: pd.DataFrame, stopped: pd.DataFrame) -> str:
    """Say what the markers mean and how many trials have none."""
    counts = trials["state"].value_counts()
    lines = ["coloured: trained to the end; grey crosses: stopped early, so accuracy is not comparable"]
    never_drawn = (TrialState.FAILED, TrialState.RUNNING)
    absent = [f"{counts[state]} {state}" for state in never_drawn if state in counts]
    ended = int(trials["state"].isin([TrialState.FINISHED, TrialState.STOPPED]).sum())
    unplaced = ended - len(finished) - len(stopped)
    if unplaced > 0:
        absent.append(f"{unplaced} without filters, lr above 0 or accuracy")
    return "\n".join([*lines, *([f"not drawn: {', '.join(absent)}"] if absent else [])])
