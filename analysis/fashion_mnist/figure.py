"""The figure of the hypothesis: accuracy and seconds over filters, coloured by learning rate."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.fashion_mnist.hypothesis import HYPOTHESIS, Half, Hypothesis
from analysis.figures.style import message, new_figure, tidy

COLOUR_MAP = "viridis"
LABELS = {
    "valid_accuracy": "validation accuracy at the best epoch",
    "seconds": "training and evaluation (seconds)",
}


def hypothesis_figure(hypothesis: Hypothesis) -> Figure:
    """Draw accuracy and seconds over filters, a dot per run trained to the end.

    Runs with an lr of 0 or less are hollow: the colours' log scale cannot show them.
    """
    figure = new_figure(4.2)
    panels = figure.subplots(1, 2)
    known = hypothesis.runs.loc[hypothesis.runs["lr"] > 0, "lr"]
    norm = None
    if not known.empty:
        # A colour scale needs a range, even around a single value.
        low, high = known.min(), known.max()
        norm = LogNorm(low, high) if high > low else LogNorm(low / 2, high * 2)
    for axes, half in zip(panels, (hypothesis.accuracy, hypothesis.seconds), strict=True):
        _draw(axes, hypothesis, half, norm)
    if norm is not None:
        bar = figure.colorbar(ScalarMappable(norm, COLOUR_MAP), ax=list(panels), aspect=30)
        bar.set_label("lr (log scale)")
    epochs = f" of {hypothesis.epochs} epochs" if hypothesis.epochs else ""
    figure.suptitle(f"{HYPOTHESIS}? (runs{epochs}: n = {len(hypothesis.runs)})")
    return figure


def _draw(axes: Axes, hypothesis: Hypothesis, half: Half, norm: LogNorm | None) -> None:
    tidy(axes)
    axes.set_title(_title(half), fontsize=9.5)
    axes.set_xlabel("filters (channels)")
    axes.set_ylabel(LABELS[half.outcome])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    runs = hypothesis.runs
    if runs.empty:
        axes.set(xticks=[], yticks=[])
        message(axes, "no run trained to the end")
        return
    coloured, hollow = runs[runs["lr"] > 0], runs[~(runs["lr"] > 0)]
    style: dict[str, Any] = {"s": 34, "edgecolors": "black", "linewidths": 0.5}
    axes.scatter(
        coloured["filters"], coloured[half.outcome], c=coloured["lr"], norm=norm, cmap=COLOUR_MAP, **style
    )
    axes.scatter(hollow["filters"], hollow[half.outcome], c="none", **style)


def _title(half: Half) -> str:
    found = half.given_lr
    if math.isnan(found.low):
        return f"{half.verdict}: too few different runs"
    interval = f"{found.low:+.2f} to {found.high:+.2f}"
    return f"{half.verdict}: rank correlation {found.value:+.2f}\n({interval}), lr accounted for"
