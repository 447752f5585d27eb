"""The exact confidence band of random search: the best result of k trials, for all k at once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from opda.nonparametric import EmpiricalDistribution

from analysis.statistics.intervals import CONFIDENCE, Floats
from fashion_wb.trial import TrialState


@dataclass(frozen=True)
class RandomBand:
    """The median of the best result of k random trials, with a band that covers it for every k at once.

    Attributes:
        trials: shape (k,), 1 to k trials.
        median: shape (k,), median of the best result of that many trials.
        low: shape (k,), lower end of the band; NaN where the data gives no bound.
        high: shape (k,), upper end; NaN where the data gives no bound.
        confidence: probability that the whole band covers the truth, if the trials are independent draws.
        n: number of trials used, from all replicates.
        left_out: number of failed trials; the band does not cover them.
    """

    trials: npt.NDArray[np.int64]
    median: Floats
    low: Floats
    high: Floats
    confidence: float
    n: int
    left_out: int


def random_band(trials: pd.DataFrame, method: str = "random") -> RandomBand | None:
    """Compute the band of the random search in `trials`.

    Trials of random search are independent draws from one distribution. The Kolmogorov-Smirnov band of that
    distribution is therefore exact, and the band of the best of k trials follows from it (Lourie, Cho and He,
    "Show Your Work with Confidence", 2024; computed by `opda`). Two things weaken this: ties make the band
    wider than necessary, and trials of one replicate share a seed, which makes the band slightly too narrow.

    Args:
        trials: the result of `frames.trials_frame`.
        method: the name of the method that is plain random search.

    Returns:
        The band of `minimised`, up to the number of trials of the method's longest search. None if fewer than
        2 trials finished, or if the method stopped any trial early.
    """
    own = trials[trials["method"] == method]
    finished = own.loc[own["state"] == TrialState.FINISHED, "minimised"].dropna()
    if len(finished) < 2 or (own["state"] == TrialState.STOPPED).any():
        return None
    # "ks" has no randomness and takes milliseconds; opda's tighter bands take minutes for 1,000 trials.
    with warnings.catch_warnings():
        # The warning is about ties (see the docstring); the user can do nothing about them.
        warnings.filterwarnings("ignore", "Duplicates detected in ys", RuntimeWarning)
        lower, centre, upper = EmpiricalDistribution.confidence_bands(
            finished.to_numpy(dtype=float), CONFIDENCE, method="ks"
        )
    counts: npt.NDArray[np.int64] = np.arange(1, int(own.groupby("sweep").size().max()) + 1)
    # The upper band of the distribution function is the lower band of the result.
    low, median, high = (
        np.asarray(one.quantile_tuning_curve(counts, minimize=True), dtype=float)
        for one in (upper, centre, lower)
    )
    failed = int((own["state"] == TrialState.FAILED).sum())
    return RandomBand(counts, median, _known(low), _known(high), CONFIDENCE, len(finished), failed)


def _known(ends: Floats) -> Floats:
    return np.where(np.isfinite(ends), ends, np.nan)
