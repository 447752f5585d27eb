"""The contents of the W&B report: text, tables and live charts, from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import pandas as pd

from analysis.formatting import count_of, format_value, markdown_table
from analysis.records.frames import epochs_frame, incumbent, trials_frame
from analysis.records.search import SearchRecord
from analysis.statistics.methods import best_trial, compare
from analysis.statistics.verdicts import MARGIN
from analysis.tables.comparison import READING, describe, table_markdown, verdict
from analysis.wandb_report import grids
from analysis.wandb_report.reports_package import wr
from fashion_wb.server.path import WandbPath
from fashion_wb.trial import TrialState

# W&B allows titles of 128 characters.
LONGEST_TITLE = 128
# Marks our report in its description, so that it is found again under any title.
MARK = "[fashion-wb report]"
Block: TypeAlias = wr.H2 | wr.H3 | wr.P | wr.CalloutBlock | wr.MarkdownBlock | wr.UnorderedList | wr.PanelGrid


def build_report(
    searches: Sequence[SearchRecord],
    path: WandbPath,
    left_out: Sequence[str] = (),
    *,
    version: str,
    made: datetime,
    margin: float | None = MARGIN,
) -> wr.Report:
    """Build the report without saving it; this makes no request.

    Args:
        searches: at least one, with at least one trial between them; the methods keep this order.
        path: the project of the searches' runs.
        left_out: sentences on what the report leaves out.
        version: of fashion-wb.
        made: when the searches were read, with a time zone.
        margin: smaller differences of the final loss are equivalent; above 0. None: no pair is equivalent.
    """
    trials, epochs = trials_frame(searches), epochs_frame(searches)
    blocks: list[Block] = [
        *_result(trials, margin),
        *_incumbent(epochs),
        *_all_runs(trials),
        *_trained_to_the_end(trials),
        *_time(trials),
        *_each_method(trials),
        *_limits(left_out),
        *_making(trials, path, version, made),
    ]
    return wr.Report(
        entity=path.entity,
        project=path.project,
        title=f"Hyperparameter searches in {path.project}"[:LONGEST_TITLE],
        description=f"What each search found, what it cost, and what that does and does not show. {MARK}",
        blocks=[*blocks],
        width="fixed",
    )


def _result(trials: pd.DataFrame, margin: float | None) -> Iterable[Block]:
    comparison = compare(trials)
    yield wr.P(
        "Each method searched for good hyperparameters of the same small convolutional network on "
        "Fashion-MNIST. Each run is one configuration that a method tried. Lower validation loss is better."
    )
    yield wr.H2("Result")
    yield wr.CalloutBlock(verdict(trials, margin))
    yield wr.P(f"Compared: {describe(comparison)}")
    yield wr.H2("The methods side by side")
    yield wr.MarkdownBlock(table_markdown(comparison))
    yield wr.P(READING)


def _incumbent(epochs: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("Incumbent: the best run so far")
    if epochs.empty:
        yield wr.P("No run has logged an epoch yet.")
        return
    yield wr.P(
        "The table gives the lowest validation loss that each sweep had found after a number of epochs, "
        "counted over all its runs. A faster search has lower losses further to the left. Epochs of failed "
        "runs count, their losses do not."
    )
    yield wr.MarkdownBlock(_incumbent_table(epochs))


def _incumbent_table(epochs: pd.DataFrame) -> str:
    """Make a row per sweep, with a column for each quarter of the most epochs spent and for the end."""
    spent = epochs.assign(best=incumbent(epochs))
    most = int(spent["epochs_cumulative"].max())
    quarters = sorted({math.ceil(most * part / 4) for part in (1, 2, 3, 4)})
    rows = []
    for (method, sweep), own in spent.groupby(["method", "sweep"], sort=False):
        best = own.set_index("epochs_cumulative")["best"]
        found = [best.get(quarter, math.nan) for quarter in quarters] + [best.iloc[-1]]
        rows.append(
            [str(method), str(sweep), *(format_value("valid_loss", value) for value in found), str(len(own))]
        )
    header = ["method", "sweep", *(f"after {quarter}" for quarter in quarters), "at the end", "epochs spent"]
    return markdown_table(header, rows).rstrip("\n")


def _all_runs(trials: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("All runs")
    yield wr.P(
        "Each line is a run; its colour shows the method. A line that ends early is a run that was stopped "
        "or is still running. The tables below the chart list each method's runs, best first. Failed runs "
        "are listed, but only the chart of run times draws them."
    )
    yield grids.overview(trials)


def _trained_to_the_end(trials: pd.DataFrame) -> Iterable[Block]:
    finished = trials["state"] == TrialState.FINISHED
    yield wr.H2("Runs trained to the end")
    if not finished.any():
        yield wr.P("No run has been trained to the end, so there is nothing to draw.")
        return
    yield wr.P(
        f"These charts draw {count_of(int(finished.sum()), 'run')} of {len(trials)}. Runs that were stopped "
        "early are left out: the charts would blame the hyperparameters for results after fewer epochs. W&B "
        "names a sweep by its id; the table at the end of this report gives its method. Parameter importance "
        "is W&B's estimate from these runs alone; with few runs it is uncertain."
    )
    yield grids.finished_runs(trials)


def _time(trials: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("Time")
    yield wr.P(
        "This is W&B's run time, which includes each run's start-up. The seconds in the table at the top are "
        "those of the epochs only. Compare times only if all methods ran on the same machine, with the same "
        "number of runs at once."
    )
    yield grids.run_times(trials)


def _each_method(trials: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("Method by method")
    yield wr.P(
        "All methods share the same scales, except for time. Time is when a run began according to W&B; for "
        "an offline run, that may be when it was pushed."
    )
    for method in trials["method"].unique():
        yield wr.H3(method)
        yield wr.P(_method_summary(trials[trials["method"] == method]))
        yield from grids.method_grids(method, trials)


def _method_summary(own: pd.DataFrame) -> str:
    counts = own["state"].value_counts()
    states = [f"{counts[state]} {state}" for state in TrialState if state in counts]
    text = f"{count_of(own['sweep'].nunique(), 'sweep')}, {count_of(len(own), 'run')}: {', '.join(states)}."
    best = best_trial(own)
    if best is None:
        return f"{text} No result yet."
    loss = format_value("valid_loss", best["valid_loss"])
    return f"{text} Lowest validation loss: {loss}, by run {best['run']}."


def _limits(left_out: Sequence[str]) -> Iterable[Block]:
    yield wr.H2("What this can and cannot show")
    sentences = [
        "One search of each method shows what was found, not which method is better: seeds alone move the "
        "accuracy by as much as good configurations differ. To compare methods, run several searches of "
        "each, with different seeds.",
        "Expect the best run to do somewhat worse on new images: it was chosen by the validation results "
        "shown here. Loss and accuracy are those of a run's best epoch on the validation images.",
        "The charts are live; the text and the tables are as of the time given below. Run the command below "
        "again to update them.",
        *left_out,
    ]
    yield wr.UnorderedList([*sentences])


def _making(trials: pd.DataFrame, path: WandbPath, version: str, made: datetime) -> Iterable[Block]:
    yield wr.H2("How this report was made")
    yield wr.P(
        [
            wr.InlineCode(f"fashion-wb report {path}"),
            f", fashion-wb {version}, {made:%Y-%m-%d %H:%M %Z}. Running it again replaces everything below "
            "the title and the description. You may change both, but keep the words "
            f"{MARK} in the description: the command finds this report by them.",
        ]
    )
    yield wr.MarkdownBlock(_sweeps_table(trials))


def _sweeps_table(trials: pd.DataFrame) -> str:
    rows = [
        [
            str(method),
            str(sweep),
            str(len(own)),
            *(str(int((own["state"] == state).sum())) for state in TrialState),
        ]
        for (method, sweep), own in trials.groupby(["method", "sweep"], sort=False)
    ]
    return markdown_table(["method", "sweep", "runs", *TrialState], rows).rstrip("\n")
