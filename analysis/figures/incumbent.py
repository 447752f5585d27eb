"""The figure of each search's incumbent, its best trial so far, against the epochs spent."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import Style, label, message, method_styles, new_figure, tidy
from analysis.formatting import count_of
from analysis.records.frames import incumbent


def incumbent_figure(epochs: pd.DataFrame) -> Figure:
    """Draw the incumbent's validation loss against epochs spent: a step line per search, a style per method.

    Args:
        epochs: from `frames.epochs_frame`. Epochs of stopped and failed trials count as spent, but only
            finished and stopped trials lower the line. A marker shows where it falls.
    """
    figure = new_figure(4.8)
    axes = figure.subplots()
    tidy(axes)
    curves = epochs.assign(incumbent=incumbent(epochs)).dropna(subset="incumbent")
    styles = method_styles(epochs["method"].unique())
    for name, of_method in curves.groupby("method", sort=False):
        method = str(name)
        for position, (_, curve) in enumerate(of_method.groupby("sweep", sort=False)):
            _draw_incumbent(axes, curve, styles[method], label(method) if position == 0 else "_repeated")
    for method in [name for name in styles if name not in set(curves["method"])]:
        axes.plot([], [], label=f"{label(method)}: no result", color="none")
    searches = epochs.groupby(["method", "sweep"]).ngroups
    axes.set_title(f"Lowest validation loss so far ({_searches(searches, len(styles))})")
    axes.set_xlabel("epochs spent by the search, over all its trials")
    axes.set_ylabel("lowest validation loss so far (cross-entropy)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if curves.empty:
        axes.set(xticks=[], yticks=[])
        message(axes, "no trial finished or was stopped with a validation loss")
    else:
        axes.set_xlim(0, epochs["epochs_cumulative"].max() * 1.03)
        _leave_out_the_start(axes, curves)
        axes.legend(frameon=False, handlelength=4)
    return figure


def _draw_incumbent(axes: Axes, curve: pd.DataFrame, style: Style, name: str) -> None:
    fell = curve["incumbent"].diff().ne(0).to_numpy().nonzero()[0]
    axes.step(
        curve["epochs_cumulative"],
        curve["incumbent"],
        where="post",
        color=style.colour,
        linestyle=style.line,
        linewidth=1.8,
        marker=style.marker,
        markersize=5,
        markevery=fell.tolist(),
        label=name,
    )


def _leave_out_the_start(axes: Axes, curves: pd.DataFrame) -> None:
    """Cut off the losses of the first tenth of the epochs, whose fall would dwarf all later ones."""
    late = curves["epochs_cumulative"] >= 0.1 * curves["epochs_cumulative"].max()
    ends = curves.groupby(["method", "sweep"])["incumbent"].min()
    low, high = ends.min(), max(curves.loc[late, "incumbent"].max(), ends.max())
    if low < high < curves["incumbent"].max():
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        axes.set_ylabel(f"{axes.get_ylabel()};\nthe first epochs lie above the figure")


def _searches(searches: int, methods: int) -> str:
    if searches == methods:
        return "n = 1 search" if methods == 1 else "n = 1 search of each method"
    return f"{count_of(searches, 'search', 'searches')} of {count_of(methods, 'method')}"
