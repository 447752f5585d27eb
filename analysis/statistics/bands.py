"""Random search's exact band: how low its best of k trials lies, for all k at once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from opda.nonparametric import EmpiricalDistribution

from analysis.statistics.intervals import CONFIDENCE
from fashion_wb.trial import TrialState


@dataclass(frozen=True)
class RandomBand:
    """The median of the best of k random trials, with a band that holds it for every k at once.

    Attributes:
        trials: shape (k,), 1 to k trials.
        median: shape (k,), of the lowest validation loss of that many trials.
        low: shape (k,), lower end of the band; NaN where the data bounds it nowhere.
        high: shape (k,), upper end; NaN likewise.
        confidence: that the whole band holds the truth, if the trials are independent draws.
        n: trials behind it, of all replicates.
        left_out: trials that failed, which the band says nothing of.
    """

    trials: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    confidence: float
    n: int
    left_out: int


def random_band(trials: pd.DataFrame, method: str = "random") -> RandomBand | None:
    """The band of the random search among `trials`, or None where there is none or none can be made.

    Trials of random search are independent draws of one distribution, so the Kolmogorov-Smirnov band of
    that distribution is exact, and the best of k follows from it (Lourie, Cho and He, "Show Your Work with
    Confidence", 2024; computed by `opda`). Ties make it wider than need be; a seed that all trials of a
    replicate share makes them less than independent, and the band so much too narrow. A method any of
    whose trials were stopped early has no such band.

    Args:
        trials: as `frames.trials_frame` gives it.
        method: the name of the method that is plain random search.

    Returns:
        The band up to as many trials as the longest search of the method has.
    """
    own = trials[trials["method"] == method]
    finished = own.loc[own["state"] == TrialState.FINISHED, "valid_loss"].dropna()
    if len(finished) < 2 or (own["state"] == TrialState.STOPPED).any():
        return None
    # "ks" has no randomness and takes milliseconds; opda's tighter bands took minutes for 1,000 trials.
    with warnings.catch_warnings():
        # Of ties, which make the band wider, see above: nothing a user could act on.
        warnings.filterwarnings("ignore", "Duplicates detected in ys", RuntimeWarning)
        lower, centre, upper = EmpiricalDistribution.confidence_bands(
            finished.to_numpy(dtype=float), CONFIDENCE, method="ks"
        )
    counts = np.arange(1, int(own.groupby("sweep").size().max()) + 1)
    # An upper band of the distribution function is a lower one of the loss.
    low, median, high = (
        np.asarray(one.quantile_tuning_curve(counts, minimize=True), dtype=float)
        for one in (upper, centre, lower)
    )
    failed = int((own["state"] == TrialState.FAILED).sum())
    return RandomBand(counts, median, _known(low), _known(high), CONFIDENCE, len(finished), failed)


def _known(ends: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(ends), ends, np.nan)
