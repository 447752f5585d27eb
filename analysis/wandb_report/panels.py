"""The charts of the W&B report.

W&B draws them from the histories of the runs and from their summaries, which hold a run's best epoch.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis.evidence import Evidence
from analysis.records.flat import Kind
from analysis.records.frames import USABLE_STATES
from analysis.records.subject import Parameter, Subject
from analysis.wandb_report.reports_package import wr
from fashion_wb.trial import TrialState

# W&B's run time, start-up included. The summary's `seconds` are those of one epoch only.
RUNTIME = wr.Metric("_runtime")
# In columns of a report's grid.
WIDTH = 24
HALF = WIDTH // 2
# W&B's default is ten. If there are more runs, the chart says so.
_MOST_RUNS = 500
# Parallel coordinates with more are hard to follow.
_MOST_COLUMNS = 12
# matplotlib's viridis: darker is lower, and clear to colour-blind readers.
_VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
Limits = tuple[float | None, float | None]


def learning_curves(subject: Subject, layout: wr.Layout) -> wr.LinePlot:
    """Draw every run's objective over its steps."""
    name = subject.metric.name
    return wr.LinePlot(
        title=f"{name} per {subject.unit}, one line per run",
        x=_step(subject),
        y=[name],
        title_x=subject.unit,
        title_y=name,
        max_runs_to_show=_MOST_RUNS,
        layout=layout,
    )


def mean_curves(subject: Subject, layout: wr.Layout) -> wr.LinePlot:
    """Draw each sweep's mean objective over the steps; use it only for runs of equal length."""
    name = subject.metric.name
    return wr.LinePlot(
        title=f"{name} per {subject.unit}, mean and range of each sweep's runs",
        x=_step(subject),
        y=[name],
        title_x=subject.unit,
        title_y=name,
        groupby="Sweep",
        groupby_aggfunc="mean",
        groupby_rangefunc="minmax",
        max_runs_to_show=_MOST_RUNS,
        layout=layout,
    )


def incumbent(evidence: Evidence, layout: wr.Layout) -> wr.ScatterPlot:
    """Draw every run's objective over its creation time, and the best so far; all methods share the scale."""
    subject, trials = evidence.subject, evidence.trials
    usable = trials[trials["state"].isin(USABLE_STATES)]
    return wr.ScatterPlot(
        title=f"Incumbent: the line is the {subject.best} {subject.metric.name} so far",
        x=wr.Metric("CreatedTimestamp"),
        y=wr.SummaryMetric(subject.metric.name),
        range_y=_limits(usable[subject.value]),
        running_ymin=subject.sign > 0,
        running_ymax=subject.sign < 0,
        layout=layout,
    )


def result_map(evidence: Evidence, layout: wr.Layout) -> list[wr.ScatterPlot]:
    """Draw the objective as colour over two numeric parameters, if there are two; only for finished runs.

    All methods share the scales. W&B's scatter plots show no categories.
    """
    subject, trials = evidence.subject, evidence.trials
    numeric = [one for one in subject.parameters if one.kind is Kind.NUMBER]
    shown = sorted(numeric, key=lambda one: one not in evidence.shown)[:2]
    if len(shown) < 2:
        return []
    y, x = shown
    finished = trials[trials["state"] == TrialState.FINISHED]
    plot = wr.ScatterPlot(
        title=f"{_name(y)} over {_name(x)}; the colour is {subject.metric.name}",
        x=wr.Config(x.name),
        y=wr.Config(y.name),
        z=wr.SummaryMetric(subject.metric.name),
        log_x=x.log,
        log_y=y.log,
        range_x=_parameter_limits(finished[x.column], x),
        range_y=_parameter_limits(finished[y.column], y),
        range_z=_limits(finished[subject.value]),
        gradient=_gradient(),
        layout=layout,
    )
    return [plot]


def parallel_coordinates(subject: Subject, layout: wr.Layout) -> wr.ParallelCoordinatesPlot:
    """Draw a line per run through its hyperparameters and results."""
    column = wr.ParallelCoordinatesPlotColumn
    parameters = [
        column(wr.Config(one.name), display_name=_name(one), log=one.log) for one in subject.parameters
    ]
    results = [column(wr.SummaryMetric(name), display_name=name) for name in subject.result_columns]
    return wr.ParallelCoordinatesPlot(
        title=f"From hyperparameters to {subject.metric.name}",
        columns=[*parameters[:_MOST_COLUMNS], *results],
        gradient=_gradient(),
        layout=layout,
    )


def importance(subject: Subject, layout: wr.Layout) -> wr.ParameterImportancePlot:
    """Show how much each hyperparameter matters to the objective, by W&B's estimate."""
    return wr.ParameterImportancePlot(with_respect_to=subject.metric.name, layout=layout)


def run_time(layout: wr.Layout) -> wr.BarPlot:
    """Draw a bar per sweep: the run time of all its runs."""
    return wr.BarPlot(
        title="Run time of each sweep, all its runs together",
        metrics=[RUNTIME],
        orientation="h",
        title_x="seconds",
        groupby="Sweep",
        groupby_aggfunc="sum",
        groupby_rangefunc="none",
        max_runs_to_show=_MOST_RUNS,
        layout=layout,
    )


def _name(parameter: Parameter) -> str:
    return f"{parameter.name} (log scale)" if parameter.log else parameter.name


def _step(subject: Subject) -> str:
    return "epoch" if subject.unit == "epoch" else "Step"


def _parameter_limits(values: pd.Series[Any], parameter: Parameter) -> Limits:
    return _limits(values[values > 0] if parameter.log else values, parameter.log)


def _gradient() -> list[wr.GradientPoint]:
    step = 100 / (len(_VIRIDIS) - 1)
    return [wr.GradientPoint(color=colour, offset=step * place) for place, colour in enumerate(_VIRIDIS)]


def _limits(values: pd.Series[Any], log: bool = False) -> Limits:
    """Give the lowest and the highest value, with a margin so that no point lies on the edge."""
    known = values.astype("float64").dropna()
    if known.nunique() < 2:
        return None, None
    low, high = float(known.min()), float(known.max())
    margin = 0.05 * (high - low)
    return (low / 1.1, high * 1.1) if log else (low - margin, high + margin)
