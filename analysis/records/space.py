"""The ranges of a search space, and whether a value lies at a bound of its range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

# W&B's bounded distributions: min and max are values in the first group, natural logarithms in the second.
_VALUES = (
    *("", "uniform", "q_uniform", "int_uniform"),
    *("log_uniform_values", "q_log_uniform_values", "inv_log_uniform_values"),
)
_LOGARITHMS = ("log_uniform", "q_log_uniform")
# A value counts as at a bound if it is at most this share of the range away.
NEAR = 0.01


@dataclass(frozen=True)
class Range:
    """The closed range [low, high] of a numeric parameter, low below high."""

    low: float
    high: float

    def bound_at(self, value: float) -> str | None:
        """Return "low" or "high" if `value` is at that bound; by log if the range spans a factor of 10."""
        low, high, at = self.low, self.high, value
        if low > 0 and high / low >= 10 and value > 0:
            low, high, at = math.log(low), math.log(high), math.log(value)
        position = (at - low) / (high - low)
        if position <= NEAR:
            return "low"
        return "high" if position >= 1 - NEAR else None


def ranges(parameters: Mapping[str, Any]) -> dict[str, Range]:
    """Return the ranges of a sweep config's numeric parameters; nested names are like "optimizer.lr".

    A list of values is a range if it has at least three different numbers. With two, every value would lie at
    a bound.
    """
    found: dict[str, Range] = {}
    for name, spec in parameters.items():
        if not isinstance(spec, Mapping):
            continue
        if isinstance(spec.get("parameters"), Mapping):
            found |= {f"{name}.{inner}": one for inner, one in ranges(spec["parameters"]).items()}
        elif (one := _range(spec)) is not None:
            found[name] = one
    return found


def values_at_bounds(space: Mapping[str, Range], config: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the parameters whose value in `config` is at a bound of its range, each with "low" or "high"."""
    found = []
    for name, one in space.items():
        value: Any = config
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        bound = one.bound_at(float(value)) if _is_number(value) else None
        if bound is not None:
            found.append((name, bound))
    return tuple(found)


def _range(spec: Mapping[str, Any]) -> Range | None:
    values = spec.get("values")
    if isinstance(values, list):
        several = len(set(map(repr, values))) >= 3 and all(map(_is_number, values))
        return Range(min(values), max(values)) if several else None
    low, high, distribution = spec.get("min"), spec.get("max"), spec.get("distribution", "")
    if not (_is_number(low) and _is_number(high) and low < high):
        return None
    if distribution in _LOGARITHMS:
        return Range(math.exp(low), math.exp(high))
    return Range(low, high) if distribution in _VALUES else None


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
