"""The axis of one parameter: linear, logarithmic, or one place for each category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.figures.style import label
from analysis.records.flat import Kind
from analysis.records.subject import Parameter


@dataclass(frozen=True)
class Scale:
    """The axis of a parameter.

    Attributes:
        parameter: the parameter.
        categories: its categories in order; empty if its values are numbers.
        integers: whether all its values are integers.
    """

    parameter: Parameter
    categories: tuple[str, ...]
    integers: bool

    @property
    def title(self) -> str:
        """The title of the axis."""
        return label(self.parameter.name) + (" (log scale)" if self.parameter.log else "")

    def shows(self, trials: pd.DataFrame) -> pd.Series[Any]:
        """Tell for every trial whether the axis has a place for its value."""
        values = trials[self.parameter.column]
        return values.gt(0).fillna(False).astype(bool) if self.parameter.log else values.notna()

    def places(self, trials: pd.DataFrame) -> NDArray[np.float64]:
        """Return the places of the trials' values on the axis."""
        values = trials[self.parameter.column]
        if self.categories:
            order = {category: place for place, category in enumerate(self.categories)}
            return np.asarray(values.map(order), dtype=np.float64)
        return np.asarray(values, dtype=np.float64)

    def apply(self, axes: Axes, which: Literal["x", "y"], trials: pd.DataFrame) -> None:
        """Set scale, limits and ticks of an axis around the trials drawn. One trial gets a range too."""
        axis = axes.xaxis if which == "x" else axes.yaxis
        limit = axes.set_xlim if which == "x" else axes.set_ylim
        places = self.places(trials)
        low, high = float(places.min()), float(places.max())
        if self.categories:
            axis.set_ticks(range(len(self.categories)), [label(name) for name in self.categories])
            limit(-0.5, len(self.categories) - 0.5)
        elif self.parameter.log:
            (axes.set_xscale if which == "x" else axes.set_yscale)("log")
            limit(low / 1.5, high * 1.5)
        else:
            axis.set_major_locator(MaxNLocator(nbins=6, integer=self.integers))
            least = 1.0 if self.integers else 0.05 * max(abs(low), abs(high), 1e-9)
            room = max(least if high == low or self.integers else 0.0, 0.06 * (high - low))
            limit(low - room, high + room)


def scale_of(parameter: Parameter, trials: pd.DataFrame) -> Scale:
    """Return the axis of `parameter` for the trials of `frames.trials_frame`."""
    values = trials[parameter.column].dropna()
    if parameter.kind is Kind.CATEGORY:
        return Scale(parameter, tuple(sorted(map(str, values.unique()))), False)
    return Scale(parameter, (), bool((values.astype("float64") % 1 == 0).all()))


def colour_ends(results: pd.Series[Any], sign: int) -> tuple[float, float]:
    """Return the results, at least one, at the lower and at the upper end of a colour scale.

    The best result is one end. The other is the worst, but for outliers as in a box plot: a few failed
    configurations would leave one colour for all others.

    Args:
        results: finite values of the objective.
        sign: above 0 if lower is better.
    """
    lower, upper = float(results.quantile(0.25)), float(results.quantile(0.75))
    reach = 1.5 * (upper - lower)
    near = results[results <= upper + reach] if sign > 0 else results[results >= lower - reach]
    low, high = float(near.min()), float(near.max())
    if high - low <= 1e-9 * abs(low):
        low, high = float(results.min()), float(results.max())
    # A colour scale needs a range, even around a single value.
    room = 0.005 * max(abs(low), 1e-6)
    return (low, high) if high - low > 1e-9 * abs(low) else (low - room, high + room)


def beyond(results: pd.Series[Any], ends: tuple[float, float]) -> int:
    """Count the results that the ends of a colour scale leave out."""
    return int(((results < ends[0]) | (results > ends[1])).sum())
