"""Add up what each method spent, and find its best trial."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from analysis.records.frames import INTEGERS, USABLE_STATES, as_integers
from fashion_wb.trial import TrialState

HYPERPARAMETERS = (*INTEGERS, "lr")
TOTALS = ("trials", "stopped", "failed", "epochs", "seconds")
BEST = (*HYPERPARAMETERS, "valid_loss", "valid_accuracy")
COMPARISON_COLUMNS = ("method", *TOTALS, *BEST)


def compare(trials: pd.DataFrame) -> pd.DataFrame:
    """Compare the methods: one row per method, in the order of `trials`.

    Args:
        trials: the result of `frames.trials_frame`.

    Returns:
        Columns COMPARISON_COLUMNS. First come the number of trials that ended, and how many of these were
        stopped and failed. Then the epochs and the known seconds of all trials. Last come the hyperparameters
        and results of the finished or stopped trial with the lowest validation loss, the first one if several
        are equal. They are empty if there is no such trial.
    """
    rows = [_method_row(method, trials[trials["method"] == method]) for method in trials["method"].unique()]
    frame = pd.DataFrame(rows, columns=list(COMPARISON_COLUMNS))
    for name in ("trials", "stopped", "failed", "epochs", *INTEGERS):
        frame[name] = as_integers(frame[name])
    for name in ("seconds", "lr", "valid_loss", "valid_accuracy"):
        frame[name] = frame[name].astype("float64")
    return frame


def best_trial(trials: pd.DataFrame) -> pd.Series | None:
    """Return the row of the finished or stopped trial with the lowest validation loss, or None."""
    usable = trials[trials["state"].isin(USABLE_STATES) & trials["valid_loss"].notna()]
    if usable.empty:
        return None
    return usable.iloc[usable["valid_loss"].to_numpy().argmin()]


def _method_row(method: str, trials: pd.DataFrame) -> dict[str, Any]:
    best = best_trial(trials)
    known = trials["seconds"].dropna()
    return {
        "method": method,
        "trials": int((trials["state"] != TrialState.RUNNING).sum()),
        "stopped": int((trials["state"] == TrialState.STOPPED).sum()),
        "failed": int((trials["state"] == TrialState.FAILED).sum()),
        "epochs": int(trials["epochs"].sum()),
        # Exact summation, so that the total does not depend on the order of the trials.
        "seconds": math.nan if known.empty else math.fsum(known),
        **{name: math.nan if best is None or pd.isna(best[name]) else float(best[name]) for name in BEST},
    }
