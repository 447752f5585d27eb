"""The W&B report's grids of charts: which runs each shows, in which colours."""

from __future__ import annotations

from typing import Any

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
    """Draw every run's learning curve in its method's colour, with a table of runs for each method."""
    layout = wr.Layout(0, 0, panels.WIDTH, 10)
    return wr.PanelGrid(
        runsets=_runsets(trials),
        panels=[panels.learning_curves(layout)],
        custom_run_colors=_colours(trials, trials),
    )


def finished_runs(trials: pd.DataFrame) -> wr.PanelGrid:
    """Draw how hyperparameters relate to results, over the finished runs of all methods."""
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


def run_times(trials: pd.DataFrame) -> wr.PanelGrid:
    """Draw the run time of each sweep, failed runs included."""
    bars = panels.run_time(wr.Layout(0, 0, panels.WIDTH, 8))
    return wr.PanelGrid(runsets=_runsets(trials, failed_too=True), hide_run_sets=True, panels=[bars])


def method_grids(method: str, trials: pd.DataFrame) -> list[wr.PanelGrid]:
    """Draw a method's incumbent and learning curves, then its finished runs over the search space.

    A grid with nothing to draw is left out. `trials` are those of all methods: they share scales and colours.
    """
    own = trials[trials["method"] == method]
    scales, colours, half = panels.scales(trials), _colours(own, trials), panels.HALF
    grids = []
    if own["valid_loss"].notna().any():
        charts = wr.PanelGrid(
            runsets=[_runset(method, own)],
            hide_run_sets=True,
            panels=[
                panels.incumbent(scales, wr.Layout(0, 0, half, 8)),
                panels.learning_curves(wr.Layout(half, 0, half, 8)),
            ],
            custom_run_colors=colours,
        )
        grids.append(charts)
    if (own["state"] == TrialState.FINISHED).any():
        space = wr.PanelGrid(
            runsets=[_runset(method, own, finished=True)],
            hide_run_sets=True,
            panels=[panels.accuracy_map(scales, wr.Layout(0, 0, panels.WIDTH, 8))],
            custom_run_colors=colours,
        )
        grids.append(space)
    return grids


def _runsets(trials: pd.DataFrame, finished: bool = False, failed_too: bool = False) -> list[wr.Runset]:
    return [
        _runset(method, trials[trials["method"] == method], finished, failed_too)
        for method in trials["method"].unique()
    ]


def _runset(method: str, own: pd.DataFrame, finished: bool = False, failed_too: bool = False) -> wr.Runset:
    """Select a method's runs, best first; without entity and project they are the report's own project's.

    Failed runs are listed but not drawn, unless `failed_too`: their last values are not results.
    """
    conditions = [expr.Metric("Sweep").isin(own["sweep"].unique().tolist())]
    if finished:
        conditions.append(expr.Metric("State") == TrialState.FINISHED.value)
    hidden = [] if failed_too else own["run"][own["state"] == TrialState.FAILED].to_list()
    return wr.Runset(
        name=f"{method}, trained to the end" if finished else method,
        filters=expr.And(*conditions),
        order=[wr.OrderBy(panels.LOSS, ascending=True)],
        run_settings={run: wr.RunSettings(disabled=True) for run in hidden},
        pinned_columns=list(COLUMNS),
        lock_columns=True,
    )


def _colours(shown: pd.DataFrame, trials: pd.DataFrame) -> dict[str | wr.RunsetGroup, str | dict[Any, Any]]:
    """Give each run shown its method's colour, the same as in the figures of `compare`."""
    styles = method_styles(trials["method"].unique())
    return {run: styles[method].colour for run, method in zip(shown["run"], shown["method"], strict=True)}
