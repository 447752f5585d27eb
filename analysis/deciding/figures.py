"""The figures of the deciding study: gain over random search, regret, targets and ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import rankdata

from analysis.deciding.answers import MAIN, Answers
from analysis.deciding.conditions import BASELINES, METHODS, TRIALS
from analysis.figures.style import COLOURS, GREY, Style, method_styles, new_figure, tidy
from analysis.statistics.intervals import Estimate, Floats
from fashion_wb.study.fashion_mnist import MARGIN

# Larger gains and losses are written at the edge.
_WIDEST = 0.1


def gain_figure(answers: Answers) -> Figure:
    """Draw the gain in true loss over random search with 95% intervals, a panel for each number of trials."""
    figure = new_figure(4.6)
    panels = figure.subplots(1, len(TRIALS), sharex=True, sharey=True)
    gains = {
        (method, trials): answers.estimate(
            answers.values(method, trials).minus(answers.values("random", trials))
        )
        for method in (*METHODS[1:], *BASELINES)
        for trials in TRIALS
        if answers.knows(method, trials)
    }
    last = {method: one.value for (method, trials), one in gains.items() if trials == MAIN}
    methods = sorted(last, key=lambda method: last[method], reverse=True)
    for axes, trials in zip(panels, TRIALS, strict=True):
        tidy(axes)
        axes.axvspan(-MARGIN, MARGIN, color="#e8e8e8", zorder=0)
        axes.axvline(0, color=GREY, linewidth=1)
        for row, method in enumerate(methods):
            if (method, trials) in gains:
                _draw_gain(axes, row, gains[method, trials], method in BASELINES)
        axes.set_title(f"{trials} trials", fontsize=11)
        axes.set_xlim(-_WIDEST, _WIDEST)
    panels[0].set_yticks(range(len(methods)), methods)
    figure.supxlabel(
        f"gain in true validation loss over random search (grey: within {MARGIN:g})", fontsize=10
    )
    return figure


def _draw_gain(axes: Axes, row: int, found: Estimate, baseline: bool) -> None:
    colour = COLOURS[1] if baseline else COLOURS[0]
    if abs(found.value) > _WIDEST:
        side = 1 if found.value < 0 else -1
        axes.annotate(
            f"{-found.value:+.2f}",
            (side * _WIDEST * 0.95, row),
            ha="right" if side > 0 else "left",
            va="center",
            fontsize=8,
            color=colour,
        )
        return
    axes.plot([-found.high, -found.low], [row, row], color=colour, linewidth=2)
    axes.plot(-found.value, row, "s" if baseline else "o", color=colour, markersize=5)


def overview_figure(answers: Answers, methods: Sequence[str] = METHODS) -> Figure:
    """Draw regret, the share of searches at the target, and the rank, against the trials."""
    figure = new_figure(8.4)
    upper, middle, lower = figure.subplots(3, 1, sharex=True)
    shown = [method for method in methods if answers.knows(method, TRIALS[-1])]
    styles, trials = method_styles(methods), np.arange(1.0, TRIALS[-1] + 1)
    curves = {method: answers.curve(method) for method in shown}
    ranks = _ranks(curves)
    for method, curve in curves.items():
        style = styles[method]
        _draw(upper, trials, curve.mean(axis=0) - answers.best, style, method)
        _draw(middle, trials, (curve <= answers.best + MARGIN).mean(axis=0), style, method)
        _draw(lower, trials, ranks[method], style, method)
    upper.set(ylabel="mean regret in true loss", yscale="log")
    middle.set(ylabel=f"searches within {MARGIN:g} of the best", ylim=(0, 1))
    lower.set(ylabel="average rank, 1 is best", xlabel="trials of a search")
    lower.invert_yaxis()
    for axes in (upper, middle, lower):
        tidy(axes)
    upper.legend(frameon=False, ncols=3, handlelength=3)
    return figure


def _draw(axes: Axes, x: Floats, y: Floats, style: Style, method: str) -> None:
    axes.plot(
        x,
        y,
        color=style.colour,
        linestyle=style.line,
        marker=style.marker,
        markevery=7,
        markersize=4,
        label=method,
    )


def _ranks(curves: dict[str, Floats]) -> dict[str, Floats]:
    """Return each method's rank after each trial, averaged over the replicates that all have."""
    fewest = min(len(curve) for curve in curves.values())
    stacked = np.stack([curve[:fewest] for curve in curves.values()])
    ranks = rankdata(stacked, axis=0).mean(axis=1)
    return dict(zip(curves, ranks, strict=True))
