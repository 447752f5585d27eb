"""Test the hypothesis "more filters: higher accuracy, longer training" on runs of full length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.intervals import CONFIDENCE, Estimate, Floats
from fashion_wb.trial import TrialState

HYPOTHESIS = "More filters: higher accuracy, longer training"
HALVES = {"valid_accuracy": "higher accuracy", "seconds": "longer training"}
# With lr accounted for, the width of the interval is proportional to 1 / sqrt(n - 4).
MIN_RUNS = 8


@dataclass(frozen=True)
class Half:
    """One half of the hypothesis: the correlation of filters with accuracy or with seconds.

    Attributes:
        outcome: "valid_accuracy" or "seconds".
        plain: Spearman's rank correlation, with its interval.
        given_lr: the partial rank correlation that accounts for the rank of lr, with its interval.
    """

    outcome: str
    plain: Estimate
    given_lr: Estimate

    @property
    def verdict(self) -> str:
        """The verdict, by the interval of `given_lr`: "supported", "contradicted" or "undecided"."""
        if self.given_lr.low > 0:
            return "supported"
        return "contradicted" if self.given_lr.high < 0 else "undecided"

    @property
    def sentence(self) -> str:
        """The verdict as a sentence with its numbers."""
        claim = f"More filters, {HALVES[self.outcome]}"
        if math.isnan(self.given_lr.low):
            return (
                f"{claim}: undecided. The test needs at least {MIN_RUNS} different runs of full length in "
                f"which filters, lr and the outcome vary. Runs found: {self.given_lr.n}."
            )
        return (
            f"{claim}: {self.verdict}. With lr accounted for, the rank correlation is "
            f"{_numbers(self.given_lr)}. Without this, it is {_numbers(self.plain)}. n = {self.plain.n} runs."
        )


@dataclass(frozen=True)
class Hypothesis:
    """Both halves of the hypothesis, and the runs they are tested on.

    Attributes:
        runs: one row per run: filters, lr, valid_accuracy, seconds.
        epochs: number of epochs that each run trained; 0 if there are no runs.
        repeated: number of runs left out because the same replicate has an earlier run of the same
            configuration.
        accuracy: the first half: more filters, higher accuracy.
        seconds: the second half: more filters, longer training.
    """

    runs: pd.DataFrame
    epochs: int
    repeated: int
    accuracy: Half
    seconds: Half


def check_hypothesis(trials: pd.DataFrame) -> Hypothesis:
    """Test the hypothesis on the runs of all methods together.

    Only finished runs of full length count: those with the most epochs of any finished run, and with known
    filters, lr, accuracy and seconds. A configuration that ran several times in a replicate counts once;
    random search and hyperband, for example, draw the same ones. The intervals assume independent runs.
    Trials of a model-based search are not independent, so the intervals are slightly too narrow.

    Args:
        trials: the result of `frames.trials_frame`.
    """
    needed = ["filters", "lr", "valid_accuracy", "seconds"]
    # A comparison may be of sweeps that vary other parameters, or report other values.
    parameters = ["filters", "units1", "units2", "lr"]
    known = trials.reindex(columns=[*dict.fromkeys([*trials.columns, *parameters, *needed])])
    finished = known[(known["state"] == TrialState.FINISHED) & known[needed].notna().all(axis=1)]
    full = finished[finished["steps"] == finished["steps"].max()]
    once = full.drop_duplicates(["replicate", *parameters])
    runs = once[needed].astype("float64").reset_index(drop=True)
    halves = {outcome: _half(runs, outcome) for outcome in HALVES}
    return Hypothesis(
        runs=runs,
        epochs=0 if full.empty else int(full["steps"].iloc[0]),
        repeated=len(full) - len(once),
        accuracy=halves["valid_accuracy"],
        seconds=halves["seconds"],
    )


def rank_correlation(x: Floats, y: Floats, given: Floats | None = None) -> Estimate:
    """Compute Spearman's correlation, or the partial correlation that removes the ranks of `given` from both.

    The interval is Fisher's with Bonett and Wright's variance (Psychometrika 65, 2000). The interval is NaN
    for fewer than MIN_RUNS values. Correlation and interval are NaN if a variable does not vary.
    """
    n, controlled = len(x), 0 if given is None else 1
    variables = [x, y] if given is None else [x, y, given]
    if n < 2 or any(np.ptp(values) == 0 for values in variables):
        return Estimate(math.nan, math.nan, math.nan, math.nan, n)
    ranks = np.corrcoef([stats.rankdata(values) for values in variables])
    r = float(ranks[0, 1])
    if given is not None:
        unexplained = (1 - ranks[0, 2] ** 2) * (1 - ranks[1, 2] ** 2)
        if unexplained <= 1e-12:
            return Estimate(math.nan, math.nan, math.nan, math.nan, n)
        r = float((r - ranks[0, 2] * ranks[1, 2]) / math.sqrt(unexplained))
    r = max(-1.0, min(1.0, r))
    if n < MIN_RUNS:
        return Estimate(r, math.nan, math.nan, math.nan, n)
    if abs(r) > 1 - 1e-12:
        return Estimate(r, r, r, CONFIDENCE, n)
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * math.sqrt((1 + r * r / 2) / (n - 3 - controlled))
    return Estimate(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), CONFIDENCE, n)


def _half(runs: pd.DataFrame, outcome: str) -> Half:
    filters, found, lr = (runs[name].to_numpy() for name in ("filters", outcome, "lr"))
    return Half(outcome, rank_correlation(filters, found), rank_correlation(filters, found, lr))


def _numbers(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} (95% interval {estimate.low:+.2f} to {estimate.high:+.2f})"
