"""The charts of the W&B report, and the scales that make them comparable.

W&B draws them from the runs' summaries, which hold a run's best epoch, and from their histories.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.records.frames import USABLE_STATES
from analysis.wandb_report.reports_package import wr
from fashion_wb.trial import TrialState

LOSS, ACCURACY = wr.SummaryMetric("valid_loss"), wr.SummaryMetric("valid_accuracy")
FILTERS, LR = wr.Config("filters"), wr.Config("lr")
# W&B's run time, start-up included; the summary's `seconds` are one epoch's.
RUNTIME = wr.Metric("_runtime")
# The columns of a report's grid.
WIDTH = 24
HALF = WIDTH // 2
# W&B draws the first ten unless told otherwise; what is beyond this number it says on the chart.
_MOST_RUNS = 500
# matplotlib's viridis: darker is lower, told apart without colour vision too.
_VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Scales:
    """Limits of axes and colours, the same for every method; None lets W&B choose."""

    lr: Limits
    filters: Limits
    loss: Limits
    accuracy: Limits


def scales(trials: pd.DataFrame) -> Scales:
    """The limits of what a `frames.trials_frame` holds."""
    finished = trials[trials["state"] == TrialState.FINISHED]
    usable = trials[trials["state"].isin(USABLE_STATES)]
    return Scales(
        lr=_limits(finished["lr"][finished["lr"] > 0], log=True),
        filters=_limits(finished["filters"]),
        loss=_limits(usable["valid_loss"]),
        accuracy=_limits(finished["valid_accuracy"]),
    )


def learning_curves(layout: wr.Layout) -> wr.LinePlot:
    """Every run's validation loss over its epochs."""
    return wr.LinePlot(
        title="Validation loss per epoch, one line a run",
        x="epoch",
        y=["valid_loss"],
        title_x="epoch",
        title_y="validation loss",
        max_runs_to_show=_MOST_RUNS,
        layout=layout,
    )


def mean_curves(layout: wr.Layout) -> wr.LinePlot:
    """Each sweep's mean validation loss over the epochs; for runs of equal length only."""
    return wr.LinePlot(
        title="Validation loss per epoch, mean and range of each sweep's runs",
        x="epoch",
        y=["valid_loss"],
        title_x="epoch",
        title_y="validation loss",
        groupby="Sweep",
        groupby_aggfunc="mean",
        groupby_rangefunc="minmax",
        max_runs_to_show=_MOST_RUNS,
        layout=layout,
    )


def best_so_far(limits: Scales, layout: wr.Layout) -> wr.ScatterPlot:
    """Every run's validation loss over the time it was created, and the lowest until then."""
    return wr.ScatterPlot(
        title="Best so far: the line is the lowest validation loss until then",
        x=wr.Metric("CreatedTimestamp"),
        y=LOSS,
        range_y=limits.loss,
        running_ymin=True,
        layout=layout,
    )


def accuracy_map(limits: Scales, layout: wr.Layout) -> wr.ScatterPlot:
    """Validation accuracy as colour over learning rate and filters; for finished runs only."""
    return wr.ScatterPlot(
        title="Filters over learning rate (log), colour: validation accuracy",
        x=LR,
        y=FILTERS,
        z=ACCURACY,
        log_x=True,
        range_x=limits.lr,
        range_y=limits.filters,
        range_z=limits.accuracy,
        gradient=_gradient(),
        layout=layout,
    )


def parallel_coordinates(layout: wr.Layout) -> wr.ParallelCoordinatesPlot:
    """A line a run through its hyperparameters and results."""
    column = wr.ParallelCoordinatesPlotColumn
    return wr.ParallelCoordinatesPlot(
        title="From filters and learning rate to loss and accuracy",
        columns=[
            column(FILTERS, display_name="filters"),
            column(LR, display_name="learning rate (log)", log=True),
            column(LOSS, display_name="validation loss"),
            column(ACCURACY, display_name="validation accuracy"),
        ],
        gradient=_gradient(),
        layout=layout,
    )


def importance(layout: wr.Layout) -> wr.ParameterImportancePlot:
    """How much each hyperparameter tells about the validation loss, by W&B's estimate."""
    return wr.ParameterImportancePlot(with_respect_to=LOSS.name, layout=layout)


def run_time(layout: wr.Layout) -> wr.BarPlot:
    """A bar a sweep: the run time of all its runs."""
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


def _gradient() -> list[wr.GradientPoint]:
    step = 100 / (len(_VIRIDIS) - 1)
    return [wr.GradientPoint(color=colour, offset=step * place) for place, colour in enumerate(_VIRIDIS)]


def _limits(values: pd.Series, log: bool = False) -> Limits:
    """From the lowest to the highest, with a margin so that no point lies on the edge."""
    known = values.astype("float64").dropna()
    if known.nunique() < 2:
        return None, None
    low, high = float(known.min()), float(known.max())
    margin = 0.05 * (high - low)
    return (low / 1.1, high * 1.1) if log else (low - margin, high + margin)
