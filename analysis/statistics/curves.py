"""Incumbent curves: the lowest validation loss so far, against what a search had spent by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.records.frames import USABLE_STATES, incumbent
from analysis.statistics.intervals import median_bands
from fashion_wb.trial import TrialState

# Trials ended, epochs trained, and seconds of training and evaluation summed over trials (not wall time).
AXES = ("trials", "epochs", "seconds")
POINTS = 200


@dataclass(frozen=True)
class Steps:
    """One search's incumbent as a step function.

    Attributes:
        method: of the search.
        sweep: its W&B id.
        replicate: from 0.
        spent: shape (m,), rising: what the search had spent at each step.
        loss: shape (m,), never rising: the incumbent from there on, infinite until there is one.
    """

    method: str
    sweep: str
    replicate: int
    spent: np.ndarray
    loss: np.ndarray

    @property
    def end(self) -> float:
        """All that the search spent."""
        return float(self.spent[-1]) if len(self.spent) else 0.0

    def at(self, grid: np.ndarray) -> np.ndarray:
        """The incumbent at the points of `grid`: infinite before the first, and kept beyond the end."""
        steps = np.searchsorted(self.spent, grid, side="right")
        return np.concatenate([[np.inf], self.loss])[steps]

    def spent_to_reach(self, target: float) -> float:
        """What had been spent when the incumbent first was at most `target`; infinite if it never was."""
        hits = np.flatnonzero(self.loss <= target)
        return float(self.spent[hits[0]]) if len(hits) else np.inf


@dataclass(frozen=True)
class Curve:
    """The incumbent of a method's replicates on one grid.

    Attributes:
        method: the method.
        axis: one of AXES.
        grid: shape (k,), from the axis' smallest unit to where half of the searches had ended.
        values: shape (n, k), a row a search; infinite until it had an incumbent.
        median: shape (k,), infinite where at most half of the searches had one.
        low: shape (k,), lower end of the pointwise interval for the median; NaN for n < 5.
        high: shape (k,), upper end, infinite where it is not bounded.
        confidence: of the interval at each single point, not of the whole band; NaN for n < 5.
    """

    method: str
    axis: str
    grid: np.ndarray
    values: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    confidence: float

    @property
    def n(self) -> int:
        """How many searches stand behind the curve."""
        return len(self.values)


def search_steps(trials: pd.DataFrame, epochs: pd.DataFrame, axis: str) -> tuple[Steps, ...]:
    """Every search's incumbent against `axis`, in the order of `trials`.

    Failed trials spend without lowering it. A search that has an epoch of unknown duration is left out
    where the axis is seconds; a search that spent nothing has no steps.

    Args:
        trials: as `frames.trials_frame` gives it.
        epochs: as `frames.epochs_frame` gives it, of the same searches.
        axis: one of AXES.
    """
    steps = _trial_steps(trials) if axis == "trials" else _epoch_steps(epochs, f"{axis}_cumulative")
    nothing = (np.empty(0), np.empty(0))
    searches = trials[["method", "sweep", "replicate"]].drop_duplicates(["method", "sweep"])
    found = []
    for method, sweep, replicate in searches.itertuples(index=False):
        spent, loss = steps.get((method, sweep), nothing)
        if not np.isnan(spent).any():
            found.append(Steps(method, sweep, int(replicate), spent, loss))
    return tuple(found)


def incumbent_curves(steps: tuple[Steps, ...], axis: str, points: int = POINTS) -> tuple[Curve, ...]:
    """A curve a method with the band for its median, from `search_steps` along `axis`.

    A search that ended earlier than others of its method keeps its incumbent; one without any result
    counts as worse than every loss. The grid has at most `points` points and holds no other numbers than
    whole ones where the axis counts trials or epochs.
    """
    return tuple(
        _curve(method, [one for one in steps if one.method == method], axis, points)
        for method in dict.fromkeys(one.method for one in steps)
    )


def _curve(method: str, steps: list[Steps], axis: str, points: int) -> Curve:
    end = float(np.median([one.end for one in steps]))
    grid = np.linspace(end / points, end, points) if axis == "seconds" else _whole_grid(int(end), points)
    grid = grid if end > 0 else np.empty(0)
    values = np.stack([one.at(grid) for one in steps])
    middle, low, high, confidence = median_bands(values)
    return Curve(method, axis, grid, values, middle, low, high, confidence)


def _whole_grid(end: int, points: int) -> np.ndarray:
    return np.unique(np.linspace(1, max(1, end), min(points, max(1, end))).round())


def _trial_steps(trials: pd.DataFrame) -> Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    ended = trials[trials["state"] != TrialState.RUNNING]
    loss = ended["valid_loss"].where(ended["state"].isin(USABLE_STATES)).fillna(np.inf)
    found = {}
    for key, own in loss.groupby([ended["method"], ended["sweep"]], sort=False):
        found[key] = (np.arange(1.0, len(own) + 1), np.minimum.accumulate(own.to_numpy()))
    return found


def _epoch_steps(
    epochs: pd.DataFrame, column: str
) -> Mapping[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    best = incumbent(epochs).fillna(np.inf)
    found = {}
    for key, own in epochs.groupby(["method", "sweep"], sort=False):
        found[key] = (own[column].to_numpy(dtype=float), best.loc[own.index].to_numpy(dtype=float))
    return found
