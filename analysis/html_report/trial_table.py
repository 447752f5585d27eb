"""The page's table of trials, best first and limited in length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import PLAIN, format_value
from analysis.records.flat import Kind

# 1,000 rows make 0.4 MB of HTML; trials.csv has all trials.
MAX_ROWS = 1000
# Wider tables are hard to read.
MOST_PARAMETERS = 12
_BEFORE = ("method", "replicate", "run", "state")
_TEXT = ("method", "run", "state")


@dataclass(frozen=True)
class TrialTable:
    """The rows shown.

    Attributes:
        header: names of the columns.
        is_text: for each column, whether it holds text rather than numbers.
        rows: cells as text, best trial first; trials without a result come last.
        sorted_by: position of the column of the objective.
        states: the states that occur in the rows.
        total: how many trials there are in all.
        same: parameters with one value in all trials, which have no column.
        absent: names of further parameters without a column.
    """

    header: tuple[str, ...]
    is_text: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    sorted_by: int
    states: tuple[str, ...]
    total: int
    same: tuple[str, ...]
    absent: tuple[str, ...]


def trial_table(evidence: Evidence) -> TrialTable:
    """Make the table of the MAX_ROWS best trials."""
    trials, subject, forms = evidence.trials, evidence.subject, evidence.forms
    best = trials.sort_values("minimised", kind="stable", na_position="last").head(MAX_ROWS)
    same = [one for one in subject.parameters if _is_same(trials[one.column])]
    varying = [one for one in subject.parameters if one not in same]
    shown = varying[:MOST_PARAMETERS]
    results = subject.result_columns
    names = [*_BEFORE, *(one.column for one in shown), "steps", "seconds", *results.values()]
    heads = [*_BEFORE, *(one.name for one in shown), f"{subject.unit}s", "seconds", *results]
    text = {*_TEXT, *(one.column for one in shown if one.kind is Kind.CATEGORY)}
    columns = [[format_value(value, forms.get(name, PLAIN)) for value in best[name]] for name in names]
    return TrialTable(
        header=tuple(heads),
        is_text=tuple(name in text for name in names),
        rows=tuple(zip(*columns, strict=True)),
        sorted_by=names.index(subject.value),
        states=tuple(best["state"].unique()),
        total=len(trials),
        same=tuple(f"{one.name} {format_value(trials[one.column].iloc[0])}" for one in same),
        absent=tuple(one.name for one in varying[MOST_PARAMETERS:]),
    )


def _is_same(values: pd.Series[Any]) -> bool:
    return len(values) > 1 and bool(values.notna().all()) and values.nunique() == 1
