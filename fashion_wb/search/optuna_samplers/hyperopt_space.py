"""Convert Optuna's distributions to hyperopt priors, and values between the two scales."""

from __future__ import annotations

import math
from typing import Any, cast

from hyperopt import hp
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from fashion_wb.errors import FashionWbError

_Numeric = FloatDistribution | IntDistribution


def hyperopt_prior(name: str, distribution: BaseDistribution) -> Any:
    """Return the hyperopt prior of a parameter with more than one value, on hyperopt's scale.

    A parameter with a step becomes a position 0..n-1 on its grid: a quantised uniform that is half a step
    wider at both ends, so that every value is equally likely. `hp.quniform(0, n - 1, 1)` would give the end
    values half the probability of the others, and `hp.randint` would ignore their order. Log integers become
    a rounded log-uniform over [low - 1/2, high + 1/2], as in Optuna's own samplers. Categories become their
    position.

    Raises:
        FashionWbError: a kind of distribution that hyperopt does not have.
    """
    if isinstance(distribution, CategoricalDistribution):
        return hp.randint(name, len(distribution.choices))
    if not isinstance(distribution, (FloatDistribution, IntDistribution)):
        raise FashionWbError(
            f"parameter {name}: hyperopt's TPE does not support {type(distribution).__name__}; "
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
    """Convert a parameter's value to the scale of its `hyperopt_prior`."""
    if isinstance(distribution, CategoricalDistribution):
        return int(distribution.to_internal_repr(value))
    numeric = cast(_Numeric, distribution)  # `hyperopt_prior` rejects any other kind
    number: float = value
    if numeric.log or numeric.step is None:
        return number
    return round((number - numeric.low) / numeric.step)


def from_hyperopt(distribution: BaseDistribution, drawn: Any) -> Any:
    """Convert a value that hyperopt drew to plain Python, exactly within the parameter's closed range."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(drawn)]
    numeric = cast(_Numeric, distribution)  # `hyperopt_prior` rejects any other kind
    value = float(drawn)
    if not numeric.log and numeric.step is not None:
        value = numeric.low + round(value) * numeric.step
    # exp(log(high)) may exceed high by rounding, as may low + n * step.
    value = min(max(value, numeric.low), numeric.high)
    return round(value) if isinstance(numeric, IntDistribution) else float(value)
