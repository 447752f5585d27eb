"""The confidence band of random search is exact, simultaneous, and absent where it does not hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from analysis_cases import plausible, search, trial, trials_of

from analysis.statistics.incumbents.bands import random_band


def drawn(losses: np.ndarray) -> pd.DataFrame:
    trials = [trial(number, [float(loss)]) for number, loss in enumerate(losses)]
    return trials_of([search(*trials, method="random")])


def test_the_band_covers_the_truth_with_the_stated_confidence():
    """Uniform losses, 20 trials, 300 draws: the best of k has median 1 - 2**(-1/k).

    Standard error 0.0126 at 0.95: false failure (outside 0.90 to 1) below 1e-4, with a fixed seed anyway.
    """
    chance = np.random.default_rng(0)
    counts = np.arange(1, 21)
    truth = 1 - 0.5 ** (1 / counts)
    held = []
    for _ in range(300):
        own = pd.DataFrame(
            {"method": "random", "sweep": "s", "state": "finished", "minimised": chance.random(20)}
        )
        band = random_band(own)
        low, high = np.nan_to_num(band.low, nan=-np.inf), np.nan_to_num(band.high, nan=np.inf)
        held.append(((low <= truth) & (truth <= high)).all())
    assert 0.90 <= np.mean(held) < 1


def test_the_median_is_that_of_the_empirical_distribution():
    """The best of one trial has the sample's median; the best of many its least value."""
    losses = np.arange(1, 12) / 10
    band = random_band(drawn(losses))
    assert band.n == 11 and len(band.trials) == 11
    assert band.median[0] == 0.6 and band.median[-1] == pytest.approx(0.1)
    assert (np.diff(band.median) <= 0).all()


def test_ties_are_allowed():
    band = random_band(drawn([0.3, 0.3, 0.5, 0.5]))
    assert band.n == 4 and band.median[-1] == pytest.approx(0.3)


def test_replicates_are_pooled_and_failed_trials_counted_apart():
    searches = plausible(10, 2, 0, 3)
    trials = trials_of(searches)
    own = trials[trials["method"] == "random"]
    band = random_band(trials)
    assert band.n == (own["state"] == "finished").sum()
    assert band.left_out == (own["state"] == "failed").sum()
    assert band.n + band.left_out == 30 and len(band.trials) == 10


def test_there_is_no_band_without_random_search_or_with_stopped_trials():
    assert random_band(trials_of(plausible(5)[1:])) is None
    assert random_band(trials_of([search(trial(0, [0.5]), method="random")])) is None
    stopped = search(trial(0, [0.5]), trial(1, [0.6], "stopped"), trial(2, [0.4]), method="random")
    assert random_band(trials_of([stopped])) is None
