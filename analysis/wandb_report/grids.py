"""The W&B report's grids of charts: which runs each shows, in which colours."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evidence import Evidence
from analysis.figures.style import method_styles
from analysis.records.subject import Subject
from analysis.wandb_report import panels
from analysis.wandb_report.reports_package import expr, wr
from fashion_wb.trial import TrialState

# Of a run table that still fits beside the charts.
_MOST_PARAMETERS = 4


def overview(evidence: Evidence) -> wr.PanelGrid:
    """Draw every run's learning curve in its method's colour, with a table of runs for each method."""
    layout = wr.Layout(0, 0, panels.WIDTH, 10)
    return wr.PanelGrid(
        runsets=_runsets(evidence),
        panels=[panels.learning_curves(evidence.subject, layout)],
        custom_run_colors=_colours(evidence.trials, evidence),
    )


def finished_runs(evidence: Evidence) -> wr.PanelGrid:
    """Draw how hyperparameters relate to results, over the finished runs of all methods."""
    subject, half = evidence.subject, panels.HALF
    mapped = panels.result_map(evidence, wr.Layout(half, 0, half, 9))
    mean_width = half if mapped else panels.WIDTH
    return wr.PanelGrid(
        runsets=_runsets(evidence, finished=True),
        hide_run_sets=True,
        panels=[
            panels.mean_curves(subject, wr.Layout(0, 0, mean_width, 9)),
            *mapped,
            panels.parallel_coordinates(subject, wr.Layout(0, 9, panels.WIDTH, 9)),
            panels.importance(subject, wr.Layout(0, 18, panels.WIDTH, 8)),
        ],
        custom_run_colors=_colours(evidence.trials, evidence),
    )


def run_times(evidence: Evidence) -> wr.PanelGrid:
    """Draw the run time of each sweep, failed runs included."""
    bars = panels.run_time(wr.Layout(0, 0, panels.WIDTH, 8))
    return wr.PanelGrid(runsets=_runsets(evidence, failed_too=True), hide_run_sets=True, panels=[bars])


def method_grids(method: str, evidence: Evidence) -> list[wr.PanelGrid]:
    """Draw a method's incumbent and learning curves, then its finished runs over the search space.

    A grid with nothing to draw is left out. All methods share scales and colours.
    """
    trials, subject = evidence.trials, evidence.subject
    own = trials[trials["method"] == method]
    colours, half = _colours(own, evidence), panels.HALF
    grids = []
    if own[subject.value].notna().any():
        charts = wr.PanelGrid(
            runsets=[_runset(method, own, subject)],
            hide_run_sets=True,
            panels=[
                panels.incumbent(evidence, wr.Layout(0, 0, half, 8)),
                panels.learning_curves(subject, wr.Layout(half, 0, half, 8)),
            ],
            custom_run_colors=colours,
        )
        grids.append(charts)
    mapped = panels.result_map(evidence, wr.Layout(0, 0, panels.WIDTH, 8))
    if mapped and (own["state"] == TrialState.FINISHED).any():
        space = wr.PanelGrid(
            runsets=[_runset(method, own, subject, finished=True)],
            hide_run_sets=True,
            panels=[*mapped],
            custom_run_colors=colours,
        )
        grids.append(space)
    return grids


def _runsets(evidence: Evidence, finished: bool = False, failed_too: bool = False) -> list[wr.Runset]:
    trials, subject = evidence.trials, evidence.subject
    return [
        _runset(method, trials[trials["method"] == method], subject, finished, failed_too)
        for method in evidence.methods
    ]


def _runset(
    method: str, own: pd.DataFrame, subject: Subject, finished: bool = False, failed_too: bool = False
) -> wr.Runset:
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
        order=[wr.OrderBy(wr.SummaryMetric(subject.metric.name), ascending=subject.sign > 0)],
        run_settings={run: wr.RunSettings(disabled=True) for run in hidden},
        pinned_columns=_columns(subject),
        lock_columns=True,
    )


def _columns(subject: Subject) -> list[str]:
    parameters = [f"config:{one.name}.value" for one in subject.parameters[:_MOST_PARAMETERS]]
    results = [f"summary:{name}" for name in subject.result_columns]
    return ["run:state", "run:sweep", *parameters, *results]


def _colours(shown: pd.DataFrame, evidence: Evidence) -> dict[str | wr.RunsetGroup, str | dict[Any, Any]]:
    """Give each run shown its method's colour, the same as in the figures of `compare`."""
    styles = method_styles(evidence.methods)
    return {run: styles[method].colour for run, method in zip(shown["run"], shown["method"], strict=True)}
