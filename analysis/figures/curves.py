"""The figure of replicated searches: each method's median incumbent with its band."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.figures.style import Style, label, message, method_styles, new_figure, tidy
from analysis.records.subject import Subject
from analysis.statistics.incumbents.curves import Curve


def curves_figure(curves: Sequence[Curve], subject: Subject) -> Figure:
    """Draw a step line per method, and a band around it if there are five or more searches.

    Args:
        curves: against steps, in units of the objective; at most one per method.
        subject: what the searches have in common.
    """
    figure = new_figure(4.8)
    axes = figure.subplots()
    tidy(axes)
    for curve, style in zip(curves, method_styles(one.method for one in curves).values(), strict=True):
        _draw(axes, curve, style)
    name = label(subject.metric.name)
    axes.set_title(_title(curves, f"{subject.best.capitalize()} {name} so far"), fontsize=11)
    axes.set_xlabel(f"{subject.unit}s spent by a search, over all its trials")
    axes.set_ylabel(f"{subject.best} {name} so far")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if not any(np.isfinite(curve.median).any() for curve in curves):
        axes.set(xticks=[], yticks=[])
        message(axes, "no method has a result in most of its searches")
        return figure
    axes.set_xlim(0, 1.03 * max(curve.grid[-1] for curve in curves if len(curve.grid)))
    _leave_out_the_start(axes, curves, subject)
    axes.legend(frameon=False, handlelength=4)
    return figure


def _draw(axes: Axes, curve: Curve, style: Style) -> None:
    known = np.isfinite(curve.median)
    if not known.any():
        axes.plot([], [], label=f"{label(curve.method)}: no result", color="none")
        return
    axes.step(
        curve.grid[known],
        curve.median[known],
        where="post",
        color=style.colour,
        linestyle=style.line,
        linewidth=1.8,
        marker=style.marker,
        markersize=5,
        markevery=max(1, int(known.sum()) // 8),
        label=f"{label(curve.method)} (n = {curve.n})",
    )
    banded = known & np.isfinite(curve.low) & np.isfinite(curve.high)
    axes.fill_between(
        curve.grid,
        curve.low,
        curve.high,
        where=banded,
        step="post",
        color=style.colour,
        alpha=0.13,
        linewidth=0,
    )


def _title(curves: Sequence[Curve], what: str) -> str:
    found = sorted({curve.confidence for curve in curves if not np.isnan(curve.confidence)})
    if not found:
        return f"{what}: median of the searches (too few for a band)"
    band = " to ".join(f"{100 * confidence:.4g}%" for confidence in (found[0], found[-1])[: len(found)])
    return f"{what}: median of the searches, with its pointwise {band} band"


def _leave_out_the_start(axes: Axes, curves: Sequence[Curve], subject: Subject) -> None:
    """Cut off the results of the first tenth of the budget, whose change would dwarf all later ones."""
    end = max(curve.grid[-1] for curve in curves if len(curve.grid))
    good = [(curve, curve.low if subject.sign > 0 else curve.high) for curve in curves]
    parts = [values[one.grid >= 0.1 * end] for one, edge in good for values in (one.median, edge)]
    late = np.concatenate([values[np.isfinite(values)] for values in parts])
    every = np.concatenate([curve.median[np.isfinite(curve.median)] for curve in curves])
    start = every.max() if subject.sign > 0 else every.min()
    if len(late) and late.min() < late.max() and not late.min() <= start <= late.max():
        low, high = late.min(), late.max()
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        axes.set_ylabel(f"{axes.get_ylabel()};\nthe first results lie outside the figure")
