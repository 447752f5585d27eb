"""Optuna's distributions as intervals of [0, 1], for samplers that know numbers only, and back."""

from __future__ import annotations

import math
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

# The largest float below 1: a position of 1 itself would be one past the last of several values.
_LAST = math.nextafter(1.0, 0.0)


def from_unit(distribution: BaseDistribution, position: float) -> Any:
    """The value at `position` in [0, 1], such that uniform positions give the distribution's own values.

    A range with a step, integers and categories are cut into intervals of equal width, one for each value; a
    log scale is cut on that scale, with the half steps beyond both ends that Optuna gives integers there.
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
    """A position in [0, 1] at which `from_unit` gives `value`: the middle of its interval if it has one."""
    if isinstance(distribution, CategoricalDistribution):
        return (distribution.choices.index(value) + 0.5) / len(distribution.choices)
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high, step = distribution.low, distribution.high, distribution.step
    if distribution.log:
        half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
        bottom, top = math.log(low - half), math.log(high + half)
        return (math.log(value) - bottom) / (top - bottom)
    if step is not None:
        return (round((value - low) / step) + 0.5) / (round((high - low) / step) + 1)
    return (value - low) / (high - low)
