"""Optuna's distributions as hyperopt priors, and values to and fro between the two scales."""

from __future__ import annotations

import math
from typing import Any

from hyperopt import hp
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from fashion_wb.errors import FashionWbError


def expression(name: str, distribution: BaseDistribution) -> Any:
    """The hyperopt prior of a parameter with more than one value, on hyperopt's scale.

    Stepped parameters are a position 0..n-1 on their grid, a quantised uniform widened by half a step
    at both ends, so that every value is equally likely: `hp.quniform(0, n - 1, 1)` would give the
    end values half the probability of the others, and `hp.randint` would forget that they are ordered.
    Log integers likewise are a log-uniform over [low - 1/2, high + 1/2], rounded, as in Optuna's own
    samplers. Categories are their position.

    Raises:
        FashionWbError: a kind of distribution hyperopt has no counterpart for.
    """
    if isinstance(distribution, CategoricalDistribution):
        return hp.randint(name, len(distribution.choices))
    if not isinstance(distribution, (FloatDistribution, IntDistribution)):
        raise FashionWbError(
            f"parameter {name}: hyperopt's TPE has no counterpart for {type(distribution).__name__}; "
            "use a float, an integer or a categorical parameter"
        )
    low, high = distribution.low, distribution.high
    if isinstance(distribution, IntDistribution) and distribution.log:
        return hp.qloguniform(name, math.log(low - 0.5), math.log(high + 0.5), 1)
    if distribution.log:
        return hp.loguniform(name, math.log(low), math.log(high))
    if distribution.step is None:
        return hp.uniform(name, low, high)
    return hp.quniform(name, -0.5, round((high - low) / distribution.step) + 0.5, 1)


def to_hyperopt(distribution: BaseDistribution, value: Any) -> float:
    """A parameter's value on the scale of its `expression`."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    if distribution.log or distribution.step is None:
        return value
    return round((value - distribution.low) / distribution.step)


def from_hyperopt(distribution: BaseDistribution, drawn: Any) -> Any:
    """The parameter's value as plain Python, within its closed range to the last bit."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(drawn)]
    value = float(drawn)
    if not distribution.log and distribution.step is not None:
        value = distribution.low + round(value) * distribution.step
    # exp(log(high)) may exceed high by rounding, as may low + n * step.
    value = min(max(value, distribution.low), distribution.high)
    return round(value) if isinstance(distribution, IntDistribution) else float(value)
