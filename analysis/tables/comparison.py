"""Compare the methods in a table, and say what the trials show and what they do not show."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.formatting import count_of, format_cells, format_value, markdown_table, text_table
from analysis.statistics.methods import HYPERPARAMETERS, TOTALS, best_trial
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import MARGIN, judge_trials
from analysis.tables.verdict_text import repeats_replicates, summary
from fashion_wb.trial import TrialState

# Explains the table.
READING = (
    "Trials counts those that ended: finished, stopped early or failed. Epochs and seconds are totals over "
    "all trials of the method. The columns from filters on describe the trial with the lowest validation "
    "loss, at its best epoch."
)
# Shorter names, so that the table fits a terminal of 100 columns.
SHORT_NAMES = {"valid_loss": "loss", "valid_accuracy": "accuracy"}


def to_markdown(comparison: pd.DataFrame, statement: str, sections: Sequence[str] = ()) -> str:
    """Return the text of comparison.md; `statement` follows the table, then come the `sections`."""
    parts = ["# Comparison", describe(comparison), table_markdown(comparison), READING, statement, *sections]
    return "\n\n".join(parts) + "\n"


def table_markdown(comparison: pd.DataFrame) -> str:
    """Return the table in Markdown, without a newline at its end."""
    return markdown_table(comparison.columns.to_list(), format_cells(comparison)).rstrip("\n")


def to_text(comparison: pd.DataFrame, width: int) -> str:
    """Return the table as aligned plain text of at most `width` columns, if the names are short enough.

    If one table does not fit, there are two: what was spent, and what was found.
    """
    short = comparison.rename(columns=SHORT_NAMES)
    header, rows = short.columns.to_list(), format_cells(short.set_axis(comparison.columns, axis="columns"))
    for gap in (2, 1):
        table = text_table(header, rows, gap)
        if max(map(len, table.splitlines())) <= width:
            return table
    split = 1 + len(TOTALS)
    found = text_table([header[0], *header[split:]], [[row[0], *row[split:]] for row in rows], 2)
    return text_table(header[:split], [row[:split] for row in rows], 2) + "\n" + found


def describe(comparison: pd.DataFrame) -> str:
    """Say what was compared: the number of trials and epochs of each method."""
    spent = [
        f"{row['method']} {count_of(row['trials'], 'trial')} and {count_of(row['epochs'], 'epoch')}"
        for _, row in comparison.iterrows()
    ]
    text = f"{count_of(len(comparison), 'method')}: {', '.join(spent)}."
    if comparison["epochs"].nunique() > 1:
        text += " The methods did not spend the same number of epochs."
    return text


def verdict(trials: pd.DataFrame, margin: float | None = MARGIN) -> str:
    """Say what the trials show: first the verdict on the methods, then the best trial, then caveats.

    A method is called better than another only if replicates show it (see `verdicts`).

    Args:
        trials: the result of `frames.trials_frame`.
        margin: smaller differences are equivalent; above 0. None: no pair is equivalent.
    """
    best = best_trial(trials)
    if best is None:
        counts = trials["state"].value_counts()
        states = [f"{counts[state]} {state}" for state in TrialState if state in counts]
        return f"No trial finished with a validation loss ({', '.join(states) or 'no trials'}): " + (
            "there is no result to compare."
        )
    return " ".join([_methods_sentence(trials, margin), _best_sentence(best), *_caveats(trials)])


def _best_sentence(best: pd.Series) -> str:
    known = [f"{name} {format_value(name, best[name])}" for name in HYPERPARAMETERS if pd.notna(best[name])]
    text = f"Best configuration found: {', '.join(known) or 'none recorded'} (run {best['run']}), "
    text += f"with validation loss {format_value('valid_loss', best['valid_loss'])}"
    if pd.notna(best["valid_accuracy"]):
        text += f" and validation accuracy {format_value('valid_accuracy', best['valid_accuracy'])}"
    text += f" at the best of its {count_of(best['epochs'], 'epoch')}"
    return text + ("; this trial was stopped early." if best["state"] == TrialState.STOPPED else ".")


def _methods_sentence(trials: pd.DataFrame, margin: float | None) -> str:
    searches = trials.groupby("method", sort=False)["sweep"].nunique()
    if len(searches) == 1:
        return f"Only one method was run (n = {searches.iloc[0]}): there is nothing to compare it with."
    if (searches == 1).all():
        return (
            "One search of each method (n = 1) cannot show which method is better: another seed can change "
            "the accuracy as much as another method."
        )
    verdicts = judge_trials(trials, margin)
    if any(one.pair.n >= MIN_REPLICATES for one in verdicts):
        return summary(verdicts)
    if repeats_replicates(trials):
        reason = "the searches are not replicates paired by number (METHOD-r0, METHOD-r1, ...)"
    else:
        reason = f"no two methods have results in {MIN_REPLICATES} replicates"
    if searches.nunique() == 1:
        count = f"There are n = {searches.iloc[0]} searches of each method"
    else:
        count = "Searches of each method: " + ", ".join(f"{name} n = {n}" for name, n in searches.items())
    return f"No difference between methods is tested: {reason}. {count}."


def _caveats(trials: pd.DataFrame) -> list[str]:
    found = []
    states = trials["state"]
    if not (states == TrialState.FINISHED).any():
        found.append("No trial finished: all results come from trials stopped early.")
    if (states == TrialState.RUNNING).any():
        running = count_of(int((states == TrialState.RUNNING).sum()), "trial")
        found.append(f"{running} still running: epochs so far are counted, results are not.")
    if trials["seconds"].isna().any():
        unknown = count_of(int(trials["seconds"].isna().sum()), "trial")
        found.append(f"{unknown} logged no time: the seconds are those of the others.")
    return found
