"""Add up what each method spent, and find its best trial."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.records.flat import Kind
from analysis.records.frames import USABLE_STATES, as_integers
from analysis.records.subject import Subject
from fashion_wb.trial import TrialState

TOTALS = ("trials", "stopped", "failed", "steps", "seconds")


def comparison_columns(subject: Subject) -> list[str]:
    """Return the columns of `compare`."""
    return ["method", *TOTALS, *subject.columns, *subject.result_columns.values()]


def compare(trials: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """Compare the methods: one row per method, in the order of `trials`.

    Args:
        trials: the result of `frames.trials_frame` for `subject`.
        subject: what the searches have in common.

    Returns:
        Columns `comparison_columns`. First come the number of trials that ended, and how many of these were
        stopped and failed. Then the steps and the known seconds of all trials. Last come the parameters and
        results of the best finished or stopped trial, the first one if several are equal. They are empty if
        there is no such trial.
    """
    columns = comparison_columns(subject)
    rows = [
        _method_row(method, trials[trials["method"] == method], columns)
        for method in trials["method"].unique()
    ]
    frame = pd.DataFrame(rows, columns=columns)
    numbers = [one.column for one in subject.parameters if one.kind is Kind.NUMBER]
    for name in ("trials", "stopped", "failed", "steps", *numbers):
        frame[name] = as_integers(frame[name])
    for name in ("seconds", *subject.result_columns.values()):
        frame[name] = frame[name].astype("float64")
    return frame


def best_trial(trials: pd.DataFrame) -> pd.Series | None:
    """Return the row of the best finished or stopped trial, or None."""
    usable = trials[trials["state"].isin(USABLE_STATES) & trials["minimised"].notna()]
    if usable.empty:
        return None
    return usable.iloc[usable["minimised"].to_numpy().argmin()]


def _method_row(method: str, trials: pd.DataFrame, columns: list[str]) -> dict[str, Any]:
    best = best_trial(trials)
    known = trials["seconds"].dropna()
    found = columns[1 + len(TOTALS) :]
    return {
        "method": method,
        "trials": int((trials["state"] != TrialState.RUNNING).sum()),
        "stopped": int((trials["state"] == TrialState.STOPPED).sum()),
        "failed": int((trials["state"] == TrialState.FAILED).sum()),
        "steps": int(trials["steps"].sum()),
        # Exact summation, so that the total does not depend on the order of the trials.
        "seconds": math.nan if known.empty else math.fsum(known),
        **{name: math.nan if best is None or pd.isna(best[name]) else best[name] for name in found},
    }
