"""Convert parameter values to positions in [0, 1] and back, for samplers that handle only numbers."""

from __future__ import annotations

import math
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

# The largest float below 1. At 1 itself, the index computed would be one past the last value.
_LAST = math.nextafter(1.0, 0.0)


def from_unit(distribution: BaseDistribution, position: float) -> Any:
    """Return the value at `position` in [0, 1]; uniform positions give values that follow the distribution.

    Integers, categories and ranges with a step get one interval per value, all of equal width. On a log scale
    the widths are equal on that scale. As in Optuna, log integers range half a step beyond both ends.
    """
    position = min(max(position, 0.0), _LAST)
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(position * len(distribution.choices))]
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high, step = distribution.low, distribution.high, distribution.step
    if distribution.log:
        half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
        bottom, top = math.log(low - half), math.log(high + half)
        value = math.exp(bottom + position * (top - bottom))
    elif step is not None:
        value = low + step * int(position * (round((high - low) / step) + 1))
    else:
        value = low + position * (high - low)
    value = min(max(value, low), high)
    return round(value) if isinstance(distribution, IntDistribution) else value


def to_unit(distribution: BaseDistribution, value: Any) -> float:
    """Return a position in [0, 1] at which `from_unit` gives `value`: the middle of its interval, if any."""
    if isinstance(distribution, CategoricalDistribution):
        return (distribution.choices.index(value) + 0.5) / len(distribution.choices)
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high, step = distribution.low, distribution.high, distribution.step
    if distribution.log:
        half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
        bottom, top = math.log(low - half), math.log(high + half)
        return float((math.log(value) - bottom) / (top - bottom))
    if step is not None:
        return float((round((value - low) / step) + 0.5) / (round((high - low) / step) + 1))
    return float((value - low) / (high - low))
