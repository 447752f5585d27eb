"""What each method's searches ended on, how soon they reached a target, and how they ranked on the way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from analysis.records.frames import USABLE_STATES
from analysis.statistics.curves import Steps
from analysis.statistics.intervals import Estimate, interquartile_mean, median

RESULT_COLUMNS = ("method", "sweep", "replicate", "trials", "epochs", "seconds", "final")
RANK_POINTS = 100


@dataclass(frozen=True)
class Finals:
    """One method's replicates in numbers.

    Attributes:
        method: the method.
        searches: how many there are.
        without_result: how many of them have no finished or stopped trial with a loss.
        median: of the final incumbent, a search without result counting as worse than every loss; infinite
            where at least half have none.
        iqm: interquartile mean of the final incumbent, of the searches with a result only.
        target: the validation loss to be reached; NaN where no search has a result.
        reached: how many searches reached it.
        epochs_to_target: median epochs spent until then; infinite where at most half did.
        seconds_to_target: the same in seconds of training; NaN where a search's durations are not known.
        rank: average rank among the methods over the budget all of them have, 1 is best; NaN where there
            is no replicate of all methods.
        ranked: replicates behind `rank`.
    """

    method: str
    searches: int
    without_result: int
    median: Estimate
    iqm: Estimate
    target: float
    reached: int
    epochs_to_target: Estimate
    seconds_to_target: Estimate
    rank: float
    ranked: int


def search_results(trials: pd.DataFrame) -> pd.DataFrame:
    """A row a search, in the order of `trials`.

    Args:
        trials: as `frames.trials_frame` gives it.

    Returns:
        Columns RESULT_COLUMNS: `trials` and `epochs` spent, known `seconds`, and `final`, the lowest
        validation loss of a finished or stopped trial, NaN where there is none.
    """
    usable = trials["valid_loss"].where(trials["state"].isin(USABLE_STATES))
    searches = trials.assign(final=usable).groupby(["method", "sweep", "replicate"], sort=False)
    frame = searches.agg(
        trials=("run", "size"),
        epochs=("epochs", "sum"),
        seconds=("seconds", lambda known: math.nan if known.isna().all() else math.fsum(known.dropna())),
        final=("final", "min"),
    ).reset_index()
    return frame.astype({"seconds": "float64", "final": "float64"})[list(RESULT_COLUMNS)]


def method_finals(
    results: pd.DataFrame,
    by_epochs: Sequence[Steps],
    by_seconds: Sequence[Steps],
    target: float | None = None,
) -> tuple[Finals, ...]:
    """Every method's numbers, in the order of `results`.

    Args:
        results: as `search_results` gives it.
        by_epochs: the same searches' `curves.search_steps` against epochs.
        by_seconds: the same against seconds.
        target: a validation loss; the median final incumbent of all searches if None.
    """
    goal = default_target(results) if target is None else target
    ranks = average_ranks(by_epochs)
    return tuple(
        _finals(method, results[results["method"] == method], by_epochs, by_seconds, goal, ranks)
        for method in results["method"].unique()
    )


def default_target(results: pd.DataFrame) -> float:
    """The median final incumbent of all searches that have one, so that half of them reach it; else NaN."""
    return float(results["final"].median())


def average_ranks(steps: Sequence[Steps]) -> dict[str, tuple[float, int]]:
    """Each method's rank among all, averaged over the budget and over replicates, and how many these are.

    At each of RANK_POINTS amounts spent, up to what the thriftiest method's searches spent (their median),
    the searches of one replicate are ranked by incumbent, 1 the lowest, ties and searches without one
    sharing their mean rank. Only replicates with exactly one search of every method count.
    """
    methods = list(dict.fromkeys(one.method for one in steps))
    nothing = dict.fromkeys(methods, (math.nan, 0))
    complete = [group for group in _by_replicate(steps) if sorted(s.method for s in group) == sorted(methods)]
    if not complete:
        return nothing
    budget = min(np.median([one.end for one in steps if one.method == method]) for method in methods)
    if budget <= 0:
        return nothing
    grid = np.linspace(budget / RANK_POINTS, budget, RANK_POINTS)
    totals = dict.fromkeys(methods, 0.0)
    for group in complete:
        ranks = rankdata(np.stack([one.at(grid) for one in group]), axis=0).mean(axis=1)
        for one, rank in zip(group, ranks, strict=True):
            totals[one.method] += rank
    return {method: (total / len(complete), len(complete)) for method, total in totals.items()}


def _by_replicate(steps: Sequence[Steps]) -> Iterable[list[Steps]]:
    groups: dict[int, list[Steps]] = {}
    for one in steps:
        groups.setdefault(one.replicate, []).append(one)
    return groups.values()


def _finals(
    method: str,
    own: pd.DataFrame,
    by_epochs: Sequence[Steps],
    by_seconds: Sequence[Steps],
    target: float,
    ranks: dict[str, tuple[float, int]],
) -> Finals:
    final, known = own["final"], not math.isnan(target)
    epochs = [one.spent_to_reach(target) for one in by_epochs if one.method == method and known]
    seconds = [one.spent_to_reach(target) for one in by_seconds if one.method == method and known]
    rank, ranked = ranks.get(method, (math.nan, 0))
    return Finals(
        method=method,
        searches=len(own),
        without_result=int(final.isna().sum()),
        median=median(final.fillna(math.inf).to_list()),
        iqm=interquartile_mean(final.dropna().to_list()),
        target=target,
        reached=int(np.isfinite(epochs).sum()),
        epochs_to_target=median(epochs),
        seconds_to_target=median(seconds if len(seconds) == len(own) else []),
        rank=rank,
        ranked=ranked,
    )
