"""The W&B report on a project's searches: text, tables and live charts, from top to bottom."""

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
from analysis.tables.comparison import READING, describe, table_markdown, verdict
from analysis.wandb_report import grids
from analysis.wandb_report.reports_package import wr
from fashion_wb.server.path import WandbPath
from fashion_wb.trial import TrialState

# W&B allows titles of 128 characters.
LONGEST_TITLE = 128
# By this in its description a report is known again, whatever its title.
MARK = "[fashion-wb report]"
Block: TypeAlias = wr.H2 | wr.H3 | wr.P | wr.CalloutBlock | wr.MarkdownBlock | wr.UnorderedList | wr.PanelGrid


def build_report(
    searches: Sequence[SearchRecord],
    path: WandbPath,
    left_out: Sequence[str] = (),
    *,
    version: str,
    made: datetime,
) -> wr.Report:
    """The report, not saved yet; no request is made.

    Args:
        searches: at least one, with at least one trial between them; methods come in this order.
        path: the project that the searches' runs are in.
        left_out: sentences on what of the project is not in the report.
        version: of fashion-wb.
        made: when the searches were read, with its time zone.
    """
    trials, epochs = trials_frame(searches), epochs_frame(searches)
    blocks: list[Block] = [
        *_result(trials),
        *_best_so_far(epochs),
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
        description=f"What each search found, what it cost, and what that can show. {MARK}",
        blocks=blocks,
        width="fixed",
    )


def _result(trials: pd.DataFrame) -> Iterable[Block]:
    comparison = compare(trials)
    yield wr.P(
        "Each method searched for good hyperparameters of the same training program, a small convolutional "
        "network on Fashion-MNIST: one run for each configuration it tried. Lower validation loss is better."
    )
    yield wr.H2("Result")
    yield wr.CalloutBlock(verdict(trials))
    yield wr.P(f"Compared: {describe(comparison)}")
    yield wr.H2("The methods side by side")
    yield wr.MarkdownBlock(table_markdown(comparison))
    yield wr.P(READING)


def _best_so_far(epochs: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("Best so far")
    if epochs.empty:
        yield wr.P("No run has logged an epoch yet.")
        return
    yield wr.P(
        "The lowest validation loss that each sweep had found by the time it had spent so many epochs, over "
        "all its runs, failed ones left out. A search that is better sooner has lower numbers to the left."
    )
    yield wr.MarkdownBlock(_best_so_far_table(epochs))


def _best_so_far_table(epochs: pd.DataFrame) -> str:
    """A row a sweep, a column for each quarter of the epochs of the one that spent most, and its end."""
    spent = epochs.assign(best=incumbent(epochs))
    most = int(spent["epochs_cumulative"].max())
    quarters = sorted({math.ceil(most * part / 4) for part in (1, 2, 3, 4)})
    rows = []
    for (method, sweep), own in spent.groupby(["method", "sweep"], sort=False):
        best = own.set_index("epochs_cumulative")["best"]
        found = [best.get(quarter, math.nan) for quarter in quarters] + [best.iloc[-1]]
        rows.append([method, sweep, *(format_value("valid_loss", value) for value in found), str(len(own))])
    header = ["method", "sweep", *(f"after {quarter}" for quarter in quarters), "at its end", "epochs spent"]
    return markdown_table(header, rows).rstrip("\n")


def _all_runs(trials: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("All runs")
    yield wr.P(
        "One line a run, one colour a method; a line that ends early is a run that was stopped, or is still "
        "going. The tables below the chart list each method's runs, best first. Failed runs are listed, and "
        "drawn in no chart but that of the time."
    )
    yield grids.overview(trials)


def _trained_to_the_end(trials: pd.DataFrame) -> Iterable[Block]:
    finished = trials["state"] == TrialState.FINISHED
    yield wr.H2("Runs trained to the end")
    if not finished.any():
        yield wr.P("No run has been trained to the end, so there is nothing to draw.")
        return
    yield wr.P(
        f"{count_of(int(finished.sum()), 'run')} of {len(trials)}. Runs that were stopped early are left "
        "out: their results are those of fewer epochs, and would look like the hyperparameters' doing. W&B "
        "names a sweep by its id; the table at the end of this report says which method it is. The "
        "importance is W&B's estimate from these runs alone, and uncertain where they are few."
    )
    yield grids.trained_to_the_end(trials)


def _time(trials: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("Time")
    yield wr.P(
        "W&B's run time, each run's start-up included; the seconds in the table at the top are those of the "
        "epochs. Times compare methods only where the machine and the number of runs at once were the same."
    )
    yield grids.time_spent(trials)


def _each_method(trials: pd.DataFrame) -> Iterable[Block]:
    yield wr.H2("Method by method")
    yield wr.P(
        "The scales are the same for every method, except that of the time: it is when W&B has a run begin, "
        "which for a run that was made offline may be when it was pushed."
    )
    for method in trials["method"].unique():
        yield wr.H3(method)
        yield wr.P(_of_method(trials[trials["method"] == method]))
        yield from grids.of_method(method, trials)


def _of_method(own: pd.DataFrame) -> str:
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
        "Seeds alone move the accuracy by as much as good configurations differ. To say that one method is "
        "better than another takes several searches of each, with different seeds; one search of each shows "
        "what was found, not what a method is worth.",
        "Loss and accuracy are those of a run's best epoch on the validation images. The best of many runs "
        "is picked by the very numbers shown, so expect it to do somewhat worse on new images.",
        "The charts are drawn from the runs as they are when you look. The text and the tables are of the "
        "time given below; running the command again renews them.",
        *left_out,
    ]
    yield wr.UnorderedList(sentences)


def _making(trials: pd.DataFrame, path: WandbPath, version: str, made: datetime) -> Iterable[Block]:
    yield wr.H2("How this report was made")
    yield wr.P(
        [
            wr.InlineCode(f"fashion-wb report {path}"),
            f", fashion-wb {version}, {made:%Y-%m-%d %H:%M %Z}. The same command replaces everything below "
            "the title and the description, which are yours to change; it finds this report by the words "
            f"{MARK} in the description.",
        ]
    )
    yield wr.MarkdownBlock(_sweeps_table(trials))


def _sweeps_table(trials: pd.DataFrame) -> str:
    rows = [
        [method, sweep, str(len(own)), *(str(int((own["state"] == state).sum())) for state in TrialState)]
        for (method, sweep), own in trials.groupby(["method", "sweep"], sort=False)
    ]
    return markdown_table(["method", "sweep", "runs", *TrialState], rows).rstrip("\n")
