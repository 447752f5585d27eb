"""The figures of the deciding study: gain over random search, regret, targets and ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import rankdata

from analysis.deciding.answers import Answers
from analysis.deciding.conditions import METHODS, TRIALS
from analysis.figures.style import Style, method_styles, new_figure, tidy
from analysis.statistics.intervals import Floats
from fashion_wb.study.fashion_mnist import MARGIN


def gain_figure(answers: Answers, methods: Sequence[str] = METHODS) -> Figure:
    """Draw the gain in true loss over random search, by budget in trials, with 95% intervals."""
    figure = new_figure(4.8)
    axes = figure.subplots()
    tidy(axes)
    axes.axhspan(-MARGIN, MARGIN, color="#eeeeee", zorder=0)
    axes.axhline(0, color="#767676", linewidth=1)
    shown = [method for method in methods if method != "random"]
    width = 0.7 / len(shown)
    for place, (method, style) in enumerate(method_styles(shown).items()):
        for position, trials in enumerate(TRIALS):
            if answers.knows(method, trials):
                difference = answers.values(method, trials).minus(answers.values("random", trials))
                found = answers.estimate(difference)
                at = position + (place - (len(shown) - 1) / 2) * width
                axes.plot([at, at], [-found.high, -found.low], color=style.colour, linewidth=2)
                label = method if position == len(TRIALS) - 1 or method == "optuna-gp" else None
                axes.plot(at, -found.value, style.marker, color=style.colour, markersize=5, label=label)
    axes.set_xticks(range(len(TRIALS)), [str(trials) for trials in TRIALS])
    axes.set(xlabel="trials of a search", ylabel="gain in true validation loss over random search")
    axes.set_title("Above the grey band: better than random search by more than the margin", fontsize=11)
    _legend_once(axes)
    return figure


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


def _legend_once(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    first = dict(zip(labels, handles, strict=True))
    axes.legend(first.values(), first.keys(), frameon=False, ncols=2)
