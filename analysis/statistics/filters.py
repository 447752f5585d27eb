"""The hypothesis "more filters: higher accuracy, longer training", tested on runs trained to the end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.statistics.intervals import CONFIDENCE, Estimate
from fashion_wb.trial import TrialState

HYPOTHESIS = "More filters: higher accuracy, longer training"
HALVES = {"valid_accuracy": "higher accuracy", "seconds": "longer training"}
# The interval's width divides by sqrt(n - 4) once lr is accounted for.
MIN_RUNS = 8


@dataclass(frozen=True)
class Half:
    """One half of the hypothesis: filters against an outcome.

    Attributes:
        outcome: "valid_accuracy" or "seconds".
        plain: Spearman's rank correlation with its interval.
        given_lr: the partial rank correlation, lr's rank accounted for, with its interval.
    """

    outcome: str
    plain: Estimate
    given_lr: Estimate

    @property
    def verdict(self) -> str:
        """ "supported", "contradicted" or "undecided", by the interval of `given_lr`."""
        if self.given_lr.low > 0:
            return "supported"
        return "contradicted" if self.given_lr.high < 0 else "undecided"

    @property
    def sentence(self) -> str:
        """The verdict as a sentence with its numbers."""
        claim = f"More filters, {HALVES[self.outcome]}"
        if math.isnan(self.given_lr.low):
            return (
                f"{claim}: undecided. It takes at least {MIN_RUNS} different runs of full length, with "
                f"filters, lr and outcome that vary; there are {self.given_lr.n}."
            )
        return (
            f"{claim}: {self.verdict}. With lr accounted for, the rank correlation is "
            f"{_numbers(self.given_lr)}; without, {_numbers(self.plain)}; n = {self.plain.n} runs."
        )


@dataclass(frozen=True)
class Hypothesis:
    """Both halves, and the runs behind them.

    Attributes:
        runs: a row a run: filters, lr, valid_accuracy, seconds.
        epochs: that each of them trained; 0 where there are no runs.
        repeated: runs left out because the same configuration was run in that replicate before.
        accuracy: the first half.
        seconds: the second half.
    """

    runs: pd.DataFrame
    epochs: int
    repeated: int
    accuracy: Half
    seconds: Half


def check_hypothesis(trials: pd.DataFrame) -> Hypothesis:
    """The hypothesis against all methods' runs together.

    Only finished runs of the full length count (the most epochs that any finished run trained), with known
    filters, lr, accuracy and seconds. Where a replicate ran a configuration twice, as random search and
    hyperband do, it counts once. Trials of a search that learns are not drawn independently of one
    another, so the intervals, which take them to be, are somewhat too narrow.

    Args:
        trials: as `frames.trials_frame` gives it.
    """
    needed = ["filters", "lr", "valid_accuracy", "seconds"]
    finished = trials[(trials["state"] == TrialState.FINISHED) & trials[needed].notna().all(axis=1)]
    full = finished[finished["epochs"] == finished["epochs"].max()]
    once = full.drop_duplicates(["replicate", "filters", "units1", "units2", "lr"])
    runs = once[needed].astype("float64").reset_index(drop=True)
    halves = {outcome: _half(runs, outcome) for outcome in HALVES}
    return Hypothesis(
        runs=runs,
        epochs=0 if full.empty else int(full["epochs"].iloc[0]),
        repeated=len(full) - len(once),
        accuracy=halves["valid_accuracy"],
        seconds=halves["seconds"],
    )


def rank_correlation(x: np.ndarray, y: np.ndarray, given: np.ndarray | None = None) -> Estimate:
    """Spearman's correlation, or the partial one with the ranks of `given` taken out of both.

    The interval is Fisher's with Bonett and Wright's variance (Psychometrika 65, 2000). It is NaN for
    fewer than MIN_RUNS values, and so is the correlation where a variable does not vary.
    """
    n, known = len(x), 0 if given is None else 1
    names = [x, y] if given is None else [x, y, given]
    if n < 2 or any(np.ptp(values) == 0 for values in names):
        return Estimate(math.nan, math.nan, math.nan, math.nan, n)
    ranks = np.corrcoef([stats.rankdata(values) for values in names])
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
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * math.sqrt((1 + r * r / 2) / (n - 3 - known))
    return Estimate(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), CONFIDENCE, n)


def _half(runs: pd.DataFrame, outcome: str) -> Half:
    filters, found, lr = (runs[name].to_numpy() for name in ("filters", outcome, "lr"))
    return Half(outcome, rank_correlation(filters, found), rank_correlation(filters, found, lr))


def _numbers(estimate: Estimate) -> str:
    return f"{estimate.value:+.2f} (95% interval {estimate.low:+.2f} to {estimate.high:+.2f})"
