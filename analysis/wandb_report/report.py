"""The contents of the W&B report: text, tables and live charts, from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import count_of, format_value, markdown_table
from analysis.records.frames import incumbent
from analysis.statistics.methods import best_trial
from analysis.tables.comparison import describe, reading, table_markdown, verdict
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
    evidence: Evidence,
    path: WandbPath,
    left_out: Sequence[str] = (),
    *,
    version: str,
    made: datetime,
) -> wr.Report:
    """Build the report without saving it; this makes no request.

    Args:
        evidence: of at least one trial.
        path: the project of the searches' runs.
        left_out: sentences on what the report leaves out.
        version: of fashion-wb.
        made: when the searches were read, with a time zone.
    """
    blocks: list[Block] = [
        *_result(evidence),
        *_incumbent(evidence),
        *_all_runs(evidence),
        *_trained_to_the_end(evidence),
        *_time(evidence),
        *_each_method(evidence),
        *_limits(evidence, left_out),
        *_making(evidence.trials, path, version, made),
    ]
    return wr.Report(
        entity=path.entity,
        project=path.project,
        title=f"Hyperparameter searches in {path.project}"[:LONGEST_TITLE],
        description=f"What each search found, what it cost, and what that does and does not show. {MARK}",
        blocks=[*blocks],
        width="fixed",
    )


def _result(evidence: Evidence) -> Iterable[Block]:
    comparison, subject = evidence.comparison, evidence.subject
    yield wr.P(
        "Each method searched for good hyperparameters of the same program. Each run is one configuration "
        f"that a method tried. {subject.better.capitalize()} {subject.metric.name} is better."
    )
    yield wr.H2("Result")
    yield wr.CalloutBlock(verdict(evidence))
    yield wr.P(f"Compared: {describe(comparison, subject)}")
    yield wr.H2("The methods side by side")
    yield wr.MarkdownBlock(table_markdown(comparison, subject, evidence.forms))
    yield wr.P(reading(subject))


def _incumbent(evidence: Evidence) -> Iterable[Block]:
    unit, name = evidence.subject.unit, evidence.subject.metric.name
    yield wr.H2("Incumbent: the best run so far")
    if evidence.steps.empty:
        yield wr.P(f"No run has logged {name} yet.")
        return
    yield wr.P(
        f"The table gives the {evidence.subject.best} {name} that each sweep had found after a number of "
        f"{unit}s, counted over all its runs. A faster search has better results further to the left. "
        f"{unit.capitalize()}s of failed runs count, their results do not."
    )
    yield wr.MarkdownBlock(_incumbent_table(evidence))


def _incumbent_table(evidence: Evidence) -> str:
    """Make a row per sweep, with a column for each quarter of the most steps spent and for the end."""
    steps, sign, unit = evidence.steps, evidence.subject.sign, evidence.subject.unit
    spent = steps.assign(best=sign * incumbent(steps))
    most = int(spent["steps_cumulative"].max())
    quarters = sorted({math.ceil(most * part / 4) for part in (1, 2, 3, 4)})
    rows = []
    for (method, sweep), own in spent.groupby(["method", "sweep"], sort=False):
        best = own.set_index("steps_cumulative")["best"]
        found = [best.get(quarter, math.nan) for quarter in quarters] + [best.iloc[-1]]
        values = [format_value(value, evidence.form) for value in found]
        rows.append([str(method), str(sweep), *values, str(len(own))])
    header = ["method", "sweep", *(f"after {quarter}" for quarter in quarters), "at the end"]
    return markdown_table([*header, f"{unit}s spent"], rows).rstrip("\n")


def _all_runs(evidence: Evidence) -> Iterable[Block]:
    yield wr.H2("All runs")
    yield wr.P(
        "Each line is a run; its colour shows the method. A line that ends early is a run that was stopped "
        "or is still running. The tables below the chart list each method's runs, best first. Failed runs "
        "are listed, but only the chart of run times draws them."
    )
    yield grids.overview(evidence)


def _trained_to_the_end(evidence: Evidence) -> Iterable[Block]:
    trials = evidence.trials
    finished = trials["state"] == TrialState.FINISHED
    yield wr.H2("Runs trained to the end")
    if not finished.any():
        yield wr.P("No run has been trained to the end, so there is nothing to draw.")
        return
    yield wr.P(
        f"These charts draw {count_of(int(finished.sum()), 'run')} of {len(trials)}. Runs that were stopped "
        "early are left out: the charts would blame the hyperparameters for results after fewer "
        f"{evidence.subject.unit}s. W&B names a sweep by its id; the table at the end of this report "
        "gives its method. Parameter importance is W&B's estimate from these runs alone; with few runs it is "
        "uncertain."
    )
    yield grids.finished_runs(evidence)


def _time(evidence: Evidence) -> Iterable[Block]:
    yield wr.H2("Time")
    yield wr.P(
        "This is W&B's run time, which includes each run's start-up. Compare times only if all methods "
        "ran on the same machine, with the same number of runs at once."
    )
    yield grids.run_times(evidence)


def _each_method(evidence: Evidence) -> Iterable[Block]:
    yield wr.H2("Method by method")
    yield wr.P(
        "All methods share the same scales, except for time. Time is when a run began according to W&B; for "
        "an offline run, that may be when it was pushed."
    )
    trials = evidence.trials
    for method in evidence.methods:
        yield wr.H3(method)
        yield wr.P(_method_summary(trials[trials["method"] == method], evidence))
        yield from grids.method_grids(method, evidence)


def _method_summary(own: pd.DataFrame, evidence: Evidence) -> str:
    counts = own["state"].value_counts()
    states = [f"{counts[state]} {state}" for state in TrialState if state in counts]
    text = f"{count_of(own['sweep'].nunique(), 'sweep')}, {count_of(len(own), 'run')}: {', '.join(states)}."
    best = best_trial(own)
    if best is None:
        return f"{text} No result yet."
    subject = evidence.subject
    found = format_value(best[subject.value], evidence.form)
    return f"{text} {subject.best.capitalize()} {subject.metric.name}: {found}, by run {best['run']}."


def _limits(evidence: Evidence, left_out: Sequence[str]) -> Iterable[Block]:
    yield wr.H2("What this can and cannot show")
    sentences = [
        "One search of each method shows what was found, not which method is better: seeds alone may move "
        "results by as much as good configurations differ. To compare methods, run several searches of "
        "each, with different seeds.",
        "Expect the best run to do somewhat worse on new data: it was chosen by the results shown here. "
        f"Results are those of a run's best {evidence.subject.unit}.",
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
