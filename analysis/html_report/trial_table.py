"""The page's table of trials, best first, and no longer than a page can bear."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.formatting import format_value
from analysis.statistics.methods import HYPERPARAMETERS

# 1,000 rows are 0.4 MB of page; trials.csv has all.
MOST_ROWS = 1000
COLUMNS = (
    *("method", "replicate", "run", "state", "filters", "units1", "units2", "lr"),
    *("epochs", "seconds", "valid_loss", "valid_accuracy"),
)
WORDS = ("method", "run", "state")


@dataclass(frozen=True)
class TrialTable:
    """The rows shown.

    Attributes:
        header: names of the columns.
        words: for each column, whether it holds words rather than numbers.
        rows: cells as text, lowest validation loss first, those without one last.
        states: that occur in the rows.
        total: how many trials there are in all.
        same: hyperparameters that have one value in all trials, and so no column.
    """

    header: tuple[str, ...]
    words: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    states: tuple[str, ...]
    total: int
    same: tuple[str, ...]


def trial_table(trials: pd.DataFrame) -> TrialTable:
    """The MOST_ROWS trials with the lowest loss, of `trials` as `frames.trials_frame` gives it."""
    best = trials.sort_values("valid_loss", kind="stable", na_position="last").head(MOST_ROWS)
    same = [name for name in HYPERPARAMETERS if _is_same(trials[name])]
    names = [name for name in COLUMNS if name not in same]
    columns = [[format_value(name, value) for value in best[name]] for name in names]
    return TrialTable(
        header=tuple(name.replace("_", " ") for name in names),
        words=tuple(name in WORDS for name in names),
        rows=tuple(zip(*columns, strict=True)),
        states=tuple(best["state"].unique()),
        total=len(trials),
        same=tuple(f"{name} {format_value(name, trials[name].iloc[0])}" for name in same),
    )


def _is_same(values: pd.Series) -> bool:
    return len(values) > 1 and bool(values.notna().all()) and values.nunique() == 1
