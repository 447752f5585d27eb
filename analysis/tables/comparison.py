"""Compare the methods in a table, and say what the trials show and what they do not show."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import (
    count_of,
    format_cells,
    format_value,
    markdown_table,
    markdown_text,
    text_table,
)
from analysis.records.subject import Subject
from analysis.statistics.methods import TOTALS, best_trial
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import Verdict
from analysis.tables.verdict_text import repeats_replicates, summary
from fashion_wb.trial import TrialState


def reading(subject: Subject) -> str:
    """Explain the table of the methods."""
    first = next(iter((*subject.columns, subject.value)))
    return (
        f"Trials counts those that ended: finished, stopped early or failed. {subject.unit.capitalize()}s "
        f"and seconds are totals over all trials of the method. The columns from {first} on describe the "
        f"trial with the {subject.best} {subject.metric.name}, at its best {subject.unit}."
    )


def to_markdown(evidence: Evidence, statement: str, sections: Sequence[str] = ()) -> str:
    """Return the text of comparison.md; `statement` follows the table, then come the `sections`."""
    table = table_markdown(evidence.comparison, evidence.subject, evidence.forms)
    described, read = describe(evidence.comparison, evidence.subject), reading(evidence.subject)
    texts = [markdown_text(text) for text in (described, read, statement)]
    parts = ["# Comparison", texts[0], table, *texts[1:], *sections]
    return "\n\n".join(parts) + "\n"


def table_markdown(comparison: pd.DataFrame, subject: Subject, forms: Mapping[str, str]) -> str:
    """Return the table in Markdown, without a newline at its end."""
    return markdown_table(_header(comparison, subject), format_cells(comparison, forms)).rstrip("\n")


def to_text(evidence: Evidence, width: int) -> str:
    """Return the table as aligned plain text of at most `width` columns, if the names are short enough.

    If one table does not fit, there are two: what was spent, and what was found. If the second does not fit
    either, the configurations are a list.
    """
    comparison, subject = evidence.comparison, evidence.subject
    header, rows = _header(comparison, subject), format_cells(comparison, evidence.forms)
    for gap in (2, 1):
        table = text_table(header, rows, gap)
        if _fits(table, width):
            return table
    split, parameters = 1 + len(TOTALS), len(subject.parameters)
    spent = text_table(header[:split], [row[:split] for row in rows], 2)
    found = text_table([header[0], *header[split:]], [[row[0], *row[split:]] for row in rows], 2)
    if _fits(found, width):
        return f"{spent}\n{found}"
    results = split + parameters
    found = text_table([header[0], *header[results:]], [[row[0], *row[results:]] for row in rows], 2)
    best = "".join(
        textwrap.fill(
            f"{row[0]}: {_configuration(row[split:results], subject)}", width, subsequent_indent="  "
        )
        + "\n"
        for row in rows
    )
    return f"{spent}\n{found}\nBest configurations:\n{best}"


def describe(comparison: pd.DataFrame, subject: Subject) -> str:
    """Say what was compared: the number of trials and steps of each method."""
    spent = [
        f"{row['method']} {count_of(row['trials'], 'trial')} and {count_of(row['steps'], subject.unit)}"
        for _, row in comparison.iterrows()
    ]
    text = f"{count_of(len(comparison), 'method')}: {', '.join(spent)}."
    if comparison["steps"].nunique() > 1:
        text += f" The methods did not spend the same number of {subject.unit}s."
    return text


def verdict(evidence: Evidence) -> str:
    """Say what the trials show: first the verdict on the methods, then the best trial, then caveats.

    A method is called better than another only if replicates show it (see `statistics.verdicts`).
    """
    return verdict_on(evidence.trials, evidence.subject, evidence.forms, evidence.verdicts)


def verdict_on(
    trials: pd.DataFrame, subject: Subject, forms: Mapping[str, str], verdicts: Sequence[Verdict]
) -> str:
    """Return the same as `verdict`, from the parts of the evidence that it needs."""
    best = best_trial(trials)
    if best is None:
        counts = trials["state"].value_counts()
        states = [f"{counts[state]} {state}" for state in TrialState if state in counts]
        return f"No trial finished with a {subject.metric.name} ({', '.join(states) or 'no trials'}): " + (
            "there is no result to compare."
        )
    methods = _methods_sentence(trials, subject, verdicts)
    return " ".join([methods, _best_sentence(best, subject, forms), *_caveats(trials, subject)])


def configuration_of(trial: pd.Series, subject: Subject) -> str:
    """Return the configuration of a row of trials as text, such as "layers 3, lr 0.001"."""
    return _configuration([format_value(trial[column]) for column in subject.columns], subject)


def results_of(trial: pd.Series, subject: Subject, forms: Mapping[str, str]) -> str:
    """Return the known results of a row of trials as text, such as "loss 0.2512 and accuracy 0.91"."""
    columns = subject.result_columns.items()
    known = [f"{name} {format_value(trial[at], forms[at])}" for name, at in columns if pd.notna(trial[at])]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}"


def _header(comparison: pd.DataFrame, subject: Subject) -> list[str]:
    return [f"{subject.unit}s" if name == "steps" else str(name) for name in comparison.columns]


def _fits(table: str, width: int) -> bool:
    return max(map(len, table.splitlines())) <= width


def _configuration(cells: Sequence[str], subject: Subject) -> str:
    pairs = zip(subject.parameters, cells, strict=True)
    return ", ".join(f"{one.name} {cell}" for one, cell in pairs if cell) or "nothing recorded"


def _best_sentence(best: pd.Series, subject: Subject, forms: Mapping[str, str]) -> str:
    text = f"Best configuration found: {configuration_of(best, subject)} (run {best['run']}), with "
    text += results_of(best, subject, forms)
    text += f" at the best of its {count_of(best['steps'], subject.unit)}"
    return text + ("; this trial was stopped early." if best["state"] == TrialState.STOPPED else ".")


def _methods_sentence(trials: pd.DataFrame, subject: Subject, verdicts: Sequence[Verdict]) -> str:
    searches = trials.groupby("method", sort=False)["sweep"].nunique()
    if len(searches) == 1:
        return f"Only one method was run (n = {searches.iloc[0]}): there is nothing to compare it with."
    if (searches == 1).all():
        return (
            "One search of each method (n = 1) cannot show which method is better: another seed can change "
            "the result as much as another method."
        )
    if any(one.pair.n >= MIN_REPLICATES for one in verdicts):
        return summary(verdicts, subject)
    if repeats_replicates(trials):
        reason = "the searches are not replicates paired by number (METHOD-r0, METHOD-r1, ...)"
    else:
        reason = f"no two methods have results in {MIN_REPLICATES} replicates"
    if searches.nunique() == 1:
        count = f"There are n = {searches.iloc[0]} searches of each method"
    else:
        count = "Searches of each method: " + ", ".join(f"{name} n = {n}" for name, n in searches.items())
    return f"No difference between methods is tested: {reason}. {count}."


def _caveats(trials: pd.DataFrame, subject: Subject) -> list[str]:
    found = []
    states = trials["state"]
    if not (states == TrialState.FINISHED).any():
        found.append("No trial finished: all results come from trials stopped early.")
    if (states == TrialState.RUNNING).any():
        running = count_of(int((states == TrialState.RUNNING).sum()), "trial")
        found.append(f"{running} still running: {subject.unit}s so far are counted, results are not.")
    if trials["seconds"].isna().any():
        unknown = count_of(int(trials["seconds"].isna().sum()), "trial")
        found.append(f"{unknown} logged no time: the seconds are those of the others.")
    return found
