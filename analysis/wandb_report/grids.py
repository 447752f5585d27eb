"""The W&B report's grids of charts: which runs each shows, in which colours."""

from __future__ import annotations

import pandas as pd

from analysis.figures.style import method_styles
from analysis.wandb_report import panels
from analysis.wandb_report.reports_package import expr, wr
from fashion_wb.trial import TrialState

COLUMNS = (
    *("run:state", "run:sweep", "config:filters.value", "config:lr.value"),
    *("summary:valid_loss", "summary:valid_accuracy"),
)


def overview(trials: pd.DataFrame) -> wr.PanelGrid:
    """Every run's learning curve in its method's colour, and a runset, with its table, for each method."""
    layout = wr.Layout(0, 0, panels.WIDTH, 10)
    return wr.PanelGrid(
        runsets=_runsets(trials),
        panels=[panels.learning_curves(layout)],
        custom_run_colors=_colours(trials, trials),
    )


def trained_to_the_end(trials: pd.DataFrame) -> wr.PanelGrid:
    """How the hyperparameters relate to the results, over the finished runs of all methods."""
    half = panels.HALF
    return wr.PanelGrid(
        runsets=_runsets(trials, finished=True),
        hide_run_sets=True,
        panels=[
            panels.mean_curves(wr.Layout(0, 0, half, 9)),
            panels.accuracy_map(panels.scales(trials), wr.Layout(half, 0, half, 9)),
            panels.parallel_coordinates(wr.Layout(0, 9, panels.WIDTH, 9)),
            panels.importance(wr.Layout(0, 18, panels.WIDTH, 8)),
        ],
        custom_run_colors=_colours(trials, trials),
    )


def time_spent(trials: pd.DataFrame) -> wr.PanelGrid:
    """What each sweep's runs took, failed ones included."""
    bars = panels.run_time(wr.Layout(0, 0, panels.WIDTH, 8))
    return wr.PanelGrid(runsets=_runsets(trials, failed_too=True), hide_run_sets=True, panels=[bars])


def of_method(method: str, trials: pd.DataFrame) -> list[wr.PanelGrid]:
    """One method's best so far and learning curves, then where its finished runs were.

    Either is left out where there is nothing to draw. `trials` are those of all methods, whose scales and
    colours hold.
    """
    own = trials[trials["method"] == method]
    scales, half = panels.scales(trials), panels.HALF
    grids = []
    if own["valid_loss"].notna().any():
        charts = [
            panels.best_so_far(scales, wr.Layout(0, 0, half, 8)),
            panels.learning_curves(wr.Layout(half, 0, half, 8)),
        ]
        grids.append((_runset(method, own), charts))
    if (own["state"] == TrialState.FINISHED).any():
        chart = panels.accuracy_map(scales, wr.Layout(0, 0, panels.WIDTH, 8))
        grids.append((_runset(method, own, finished=True), [chart]))
    colours = _colours(own, trials)
    return [
        wr.PanelGrid(runsets=[runset], hide_run_sets=True, panels=charts, custom_run_colors=colours)
        for runset, charts in grids
    ]


def _runsets(trials: pd.DataFrame, finished: bool = False, failed_too: bool = False) -> list[wr.Runset]:
    return [
        _runset(method, trials[trials["method"] == method], finished, failed_too)
        for method in trials["method"].unique()
    ]


def _runset(method: str, own: pd.DataFrame, finished: bool = False, failed_too: bool = False) -> wr.Runset:
    """A method's runs, best first; without entity and project a runset is of the report's own project.

    Failed runs are listed and not drawn, unless `failed_too`: their last values are no results.
    """
    conditions = [expr.Metric("Sweep").isin(own["sweep"].unique().tolist())]
    if finished:
        conditions.append(expr.Metric("State") == TrialState.FINISHED.value)
    hidden = [] if failed_too else own["run"][own["state"] == TrialState.FAILED]
    return wr.Runset(
        name=f"{method}, trained to the end" if finished else method,
        filters=expr.And(*conditions),
        order=[wr.OrderBy(panels.LOSS, ascending=True)],
        run_settings={run: wr.RunSettings(disabled=True) for run in hidden},
        pinned_columns=list(COLUMNS),
        lock_columns=True,
    )


def _colours(shown: pd.DataFrame, trials: pd.DataFrame) -> dict[str, str]:
    """The colour of each run that is shown: its method's, as in the pictures of `compare`."""
    styles = method_styles(trials["method"].unique())
    return {run: styles[method].colour for run, method in zip(shown["run"], shown["method"], strict=True)}
