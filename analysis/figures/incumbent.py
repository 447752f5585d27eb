"""The figure of each search's incumbent, its best trial so far, against the steps spent."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import Style, label, message, method_styles, new_figure, tidy
from analysis.formatting import count_of
from analysis.records.frames import incumbent
from analysis.records.subject import Subject


def incumbent_figure(steps: pd.DataFrame, subject: Subject) -> Figure:
    """Draw the incumbent's result against steps spent: a step line per search, a style per method.

    Args:
        steps: from `frames.steps_frame`. Steps of stopped and failed trials count as spent, but only
            finished and stopped trials improve the line. A marker shows where it does.
        subject: what the searches have in common.
    """
    figure = new_figure(4.8)
    axes = figure.subplots()
    tidy(axes)
    curves = steps.assign(incumbent=subject.sign * incumbent(steps)).dropna(subset="incumbent")
    styles = method_styles(steps["method"].unique())
    for name, of_method in curves.groupby("method", sort=False):
        method = str(name)
        for position, (_, curve) in enumerate(of_method.groupby("sweep", sort=False)):
            _draw_incumbent(axes, curve, styles[method], label(method) if position == 0 else "_repeated")
    for method in [name for name in styles if name not in set(curves["method"])]:
        axes.plot([], [], label=f"{label(method)}: no result", color="none")
    searches = steps.groupby(["method", "sweep"]).ngroups
    name = label(subject.metric.name)
    axes.set_title(f"{subject.best.capitalize()} {name} so far ({_searches(searches, len(styles))})")
    axes.set_xlabel(f"{subject.unit}s spent by the search, over all its trials")
    axes.set_ylabel(f"{subject.best} {name} so far")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if curves.empty:
        axes.set(xticks=[], yticks=[])
        message(axes, f"no trial finished or was stopped with a {name}")
    else:
        axes.set_xlim(0, steps["steps_cumulative"].max() * 1.03)
        _leave_out_the_start(axes, curves, subject)
        axes.legend(frameon=False, handlelength=4)
    return figure


def _draw_incumbent(axes: Axes, curve: pd.DataFrame, style: Style, name: str) -> None:
    improved = curve["incumbent"].diff().ne(0).to_numpy().nonzero()[0]
    axes.step(
        curve["steps_cumulative"],
        curve["incumbent"],
        where="post",
        color=style.colour,
        linestyle=style.line,
        linewidth=1.8,
        marker=style.marker,
        markersize=5,
        markevery=improved.tolist(),
        label=name,
    )


def _leave_out_the_start(axes: Axes, curves: pd.DataFrame, subject: Subject) -> None:
    """Cut off the results of the first tenth of the steps, whose change would dwarf all later ones."""
    late = curves["steps_cumulative"] >= 0.1 * curves["steps_cumulative"].max()
    minimised = subject.sign * curves["incumbent"]
    ends = minimised.groupby([curves["method"], curves["sweep"]]).min()
    low, high = ends.min(), max(minimised[late].max(), ends.max())
    if low < high < minimised.max():
        room = 0.06 * (high - low)
        axes.set_ylim(*sorted((subject.sign * (low - room), subject.sign * (high + room))))
        axes.set_ylabel(f"{axes.get_ylabel()};\nthe first results lie outside the figure")


def _searches(searches: int, methods: int) -> str:
    if searches == methods:
        return "n = 1 search" if methods == 1 else "n = 1 search of each method"
    return f"{count_of(searches, 'search', 'searches')} of {count_of(methods, 'method')}"
