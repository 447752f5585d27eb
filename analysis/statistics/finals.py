"""Describe each method's searches: final result, time to reach a target, and average rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.records.frames import USABLE_STATES
from analysis.statistics.incumbents.curves import Spending
from analysis.statistics.incumbents.ranks import Ranks, ranks
from analysis.statistics.intervals import Estimate, interquartile_mean, median

RESULT_COLUMNS = ("method", "sweep", "replicate", "trials", "steps", "seconds", "final")


@dataclass(frozen=True)
class Finals:
    """The results of one method's replicates.

    Attributes:
        method: the method.
        searches: number of searches.
        without_result: number of searches that have no finished or stopped trial with a result.
        median: median final incumbent. A search without a result counts as worse than every other; the median
            is infinite if at least half of the searches have no result.
        iqm: interquartile mean of the final incumbents, over the searches with a result.
        target: the target of the objective; NaN if no search has a result.
        reached: number of searches that reached the target.
        steps_to_target: median number of steps until then; infinite if at most half of the searches did.
        seconds_to_target: the same in seconds; NaN if a search has steps of unknown duration.
        rank: average rank among the methods over the budget that all of them spent, 1 is best; NaN if no
            replicate has all methods.
        ranked: number of replicates that `rank` averages over.
    """

    method: str
    searches: int
    without_result: int
    median: Estimate
    iqm: Estimate
    target: float
    reached: int
    steps_to_target: Estimate
    seconds_to_target: Estimate
    rank: float
    ranked: int


def search_results(trials: pd.DataFrame) -> pd.DataFrame:
    """Summarise every search in one row, in the order of `trials`.

    Args:
        trials: the result of `frames.trials_frame`.

    Returns:
        Columns RESULT_COLUMNS: the number of `trials` and `steps`, the sum of the known `seconds`, and
        `final`, the lowest `minimised` of a finished or stopped trial, NaN if there is none.
    """
    usable = trials["minimised"].where(trials["state"].isin(USABLE_STATES))
    searches = trials.assign(final=usable).groupby(["method", "sweep", "replicate"], sort=False)
    frame = searches.agg(
        trials=("run", "size"),
        steps=("steps", "sum"),
        seconds=("seconds", lambda known: math.nan if known.isna().all() else math.fsum(known.dropna())),
        final=("final", "min"),
    ).reset_index()
    return frame.astype({"seconds": "float64", "final": "float64"})[list(RESULT_COLUMNS)]


def method_finals(
    results: pd.DataFrame,
    by_steps: Sequence[Spending],
    by_seconds: Sequence[Spending],
    target: float | None = None,
) -> tuple[Finals, ...]:
    """Summarise every method, in the order of `results`.

    Args:
        results: the result of `search_results`.
        by_steps: the result of `curves.search_spending` against steps, for the same searches.
        by_seconds: the same against seconds.
        target: a value of `minimised`; by default `default_target`.
    """
    goal = default_target(results) if target is None else target
    by_method = {one.method: one for one in ranks(by_steps)}
    return tuple(
        _finals(
            method, results[results["method"] == method], by_steps, by_seconds, goal, by_method.get(method)
        )
        for method in results["method"].unique()
    )


def default_target(results: pd.DataFrame) -> float:
    """Return the median final incumbent, which half of the searches with a result reach; NaN if none has."""
    return float(results["final"].median())


def _finals(
    method: str,
    own: pd.DataFrame,
    by_steps: Sequence[Spending],
    by_seconds: Sequence[Spending],
    target: float,
    own_ranks: Ranks | None,
) -> Finals:
    final, known = own["final"], not math.isnan(target)
    steps = [one.spent_to_reach(target) for one in by_steps if one.method == method and known]
    seconds = [one.spent_to_reach(target) for one in by_seconds if one.method == method and known]
    return Finals(
        method=method,
        searches=len(own),
        without_result=int(final.isna().sum()),
        median=median(final.fillna(math.inf).to_list()),
        iqm=interquartile_mean(final.dropna().to_list()),
        target=target,
        reached=int(np.isfinite(steps).sum()),
        steps_to_target=median(steps),
        seconds_to_target=median(seconds if len(seconds) == len(own) else []),
        rank=math.nan if own_ranks is None else own_ranks.average,
        ranked=0 if own_ranks is None else own_ranks.n,
    )
