"""Incumbent curves: the best value of the objective so far against what the search has spent."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.records.frames import USABLE_STATES, incumbent
from analysis.statistics.intervals import Floats, median_bands
from fashion_wb.trial import TrialState

# Ended trials, logged values of the objective, and seconds of the trials summed (not wall time).
AXES = ("trials", "steps", "seconds")
POINTS = 200
# By (method, sweep): `spent` and `best` as in `Spending`.
SpendingBySearch = dict[tuple[Hashable, ...], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Spending:
    """One search's incumbent as a step function.

    Attributes:
        method: of the search.
        sweep: its W&B id.
        replicate: from 0.
        spent: shape (m,), increasing: what the search has spent at each step.
        best: shape (m,), never increasing: the incumbent's `minimised` from this step on, infinite until
            there is one.
    """

    method: str
    sweep: str
    replicate: int
    spent: Floats
    best: Floats

    @property
    def total(self) -> float:
        """The total that the search spent."""
        return float(self.spent[-1]) if len(self.spent) else 0.0

    def at(self, grid: Floats) -> Floats:
        """Return the incumbent at each point of `grid`: infinite before the first step."""
        steps = np.searchsorted(self.spent, grid, side="right")
        return np.concatenate([[np.inf], self.best])[steps]

    def spent_to_reach(self, target: float) -> float:
        """Return what the search spent until the incumbent was at most `target`; infinite if it never was."""
        hits = np.flatnonzero(self.best <= target)
        return float(self.spent[hits[0]]) if len(hits) else np.inf


@dataclass(frozen=True)
class Curve:
    """The incumbents of a method's replicates on one grid.

    Attributes:
        method: the method.
        axis: one of AXES.
        grid: shape (k,), from the axis' smallest unit to the median of what the searches spent.
        values: shape (n, k), one row per search, of `minimised`; infinite until the search has an incumbent.
        median: shape (k,), infinite where at most half of the searches have an incumbent.
        low: shape (k,), lower end of the pointwise interval for the median; NaN for n < 5.
        high: shape (k,), upper end, infinite where it has no bound.
        confidence: of the interval at each single point, not of the whole band; NaN for n < 5.
    """

    method: str
    axis: str
    grid: Floats
    values: Floats
    median: Floats
    low: Floats
    high: Floats
    confidence: float

    @property
    def n(self) -> int:
        """The number of searches."""
        return len(self.values)


def search_spending(trials: pd.DataFrame, steps: pd.DataFrame, axis: str) -> tuple[Spending, ...]:
    """Compute every search's incumbent against `axis`, in the order of `trials`.

    Failed trials spend without lowering the incumbent. If the axis is seconds, a search with a step of
    unknown duration is left out. A search that spent nothing has no steps.

    Args:
        trials: the result of `frames.trials_frame`.
        steps: the result of `frames.steps_frame` for the same searches.
        axis: one of AXES.
    """
    by_search = _by_trials(trials) if axis == "trials" else _by_steps(steps, f"{axis}_cumulative")
    nothing = (np.empty(0), np.empty(0))
    searches = trials[["method", "sweep", "replicate"]].drop_duplicates(["method", "sweep"])
    found = []
    for method, sweep, replicate in searches.itertuples(index=False):
        spent, best = by_search.get((method, sweep), nothing)
        if not np.isnan(spent).any():
            found.append(Spending(method, sweep, int(replicate), spent, best))
    return tuple(found)


def incumbent_curves(spending: tuple[Spending, ...], axis: str, points: int = POINTS) -> tuple[Curve, ...]:
    """Compute one curve per method, with the interval for its median, from `search_spending` along `axis`.

    A search that spent less than others of its method keeps its incumbent. A search without a result counts
    as worse than every other. The grid has at most `points` points. They are integers if the axis counts
    trials or steps.
    """
    return tuple(
        _curve(method, [one for one in spending if one.method == method], axis, points)
        for method in dict.fromkeys(one.method for one in spending)
    )


def _curve(method: str, spending: list[Spending], axis: str, points: int) -> Curve:
    end = float(np.median([one.total for one in spending]))
    grid = np.linspace(end / points, end, points) if axis == "seconds" else _integer_grid(int(end), points)
    grid = grid if end > 0 else np.empty(0)
    values = np.stack([one.at(grid) for one in spending])
    middle, low, high, confidence = median_bands(values)
    return Curve(method, axis, grid, values, middle, low, high, confidence)


def _integer_grid(end: int, points: int) -> Floats:
    grid: Floats = np.unique(np.linspace(1, max(1, end), min(points, max(1, end))).round())
    return grid


def _by_trials(trials: pd.DataFrame) -> SpendingBySearch:
    ended = trials[trials["state"] != TrialState.RUNNING]
    best = ended["minimised"].where(ended["state"].isin(USABLE_STATES)).fillna(np.inf)
    found: SpendingBySearch = {}
    for search, own in best.groupby([ended["method"], ended["sweep"]], sort=False):
        found[search] = (np.arange(1.0, len(own) + 1), np.minimum.accumulate(own.to_numpy()))
    return found


def _by_steps(steps: pd.DataFrame, column: str) -> SpendingBySearch:
    best = incumbent(steps).fillna(np.inf)
    found: SpendingBySearch = {}
    for search, own in steps.groupby(["method", "sweep"], sort=False):
        found[search] = (own[column].to_numpy(dtype=float), best.loc[own.index].to_numpy(dtype=float))
    return found
