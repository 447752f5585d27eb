"""The page's table of trials, best first and limited in length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.formatting import format_value
from analysis.statistics.methods import HYPERPARAMETERS

# 1,000 rows make 0.4 MB of HTML; trials.csv has all trials.
MAX_ROWS = 1000
COLUMNS = (
    *("method", "replicate", "run", "state", "filters", "units1", "units2", "lr"),
    *("epochs", "seconds", "valid_loss", "valid_accuracy"),
)
TEXT_COLUMNS = ("method", "run", "state")


@dataclass(frozen=True)
class TrialTable:
    """The rows shown.

    Attributes:
        header: names of the columns.
        is_text: for each column, whether it holds text rather than numbers.
        rows: cells as text, lowest validation loss first; trials without a loss come last.
        states: the states that occur in the rows.
        total: how many trials there are in all.
        same: hyperparameters with one value in all trials, which have no column.
    """

    header: tuple[str, ...]
    is_text: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    states: tuple[str, ...]
    total: int
    same: tuple[str, ...]


def trial_table(trials: pd.DataFrame) -> TrialTable:
    """Make the table of the MAX_ROWS trials with the lowest loss, from `frames.trials_frame`."""
    best = trials.sort_values("valid_loss", kind="stable", na_position="last").head(MAX_ROWS)
    same = [name for name in HYPERPARAMETERS if _is_same(trials[name])]
    names = [name for name in COLUMNS if name not in same]
    columns = [[format_value(name, value) for value in best[name]] for name in names]
    return TrialTable(
        header=tuple(name.replace("_", " ") for name in names),
        is_text=tuple(name in TEXT_COLUMNS for name in names),
        rows=tuple(zip(*columns, strict=True)),
        states=tuple(best["state"].unique()),
        total=len(trials),
        same=tuple(f"{name} {format_value(name, trials[name].iloc[0])}" for name in same),
    )


def _is_same(values: pd.Series[Any]) -> bool:
    return len(values) > 1 and bool(values.notna().all()) and values.nunique() == 1
