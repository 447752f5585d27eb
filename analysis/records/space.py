"""The ranges of a sweep's search space, and whether a configuration lies at an end of one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# W&B's distributions that have ends, by whether min and max are the values or their natural logarithms.
_VALUES = (
    *("", "uniform", "q_uniform", "int_uniform"),
    *("log_uniform_values", "q_log_uniform_values", "inv_log_uniform_values"),
)
_LOGARITHMS = ("log_uniform", "q_log_uniform")
# As far from an end as this share of the range, a value that is not whole still counts as at the end.
NEAR = 0.01


@dataclass(frozen=True)
class Range:
    """The closed range [low, high] of a numeric parameter, low below high."""

    low: float
    high: float

    def bound_at(self, value: float) -> str | None:
        """ "low" or "high" if `value` is within NEAR of that end, by log where the range spans a decade."""
        low, high, at = self.low, self.high, value
        if low > 0 and high / low >= 10 and value > 0:
            low, high, at = math.log(low), math.log(high), math.log(value)
        position = (at - low) / (high - low)
        if position <= NEAR:
            return "low"
        return "high" if position >= 1 - NEAR else None


def ranges(parameters: Mapping[str, Any]) -> dict[str, Range]:
    """The parameters of a sweep config that have ends, nested ones named as in "optimizer.lr".

    Lists of numbers count from three different ones on: of two, every value is at an end.
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
    """The parameters whose value in `config` is at an end of its range, each with "low" or "high"."""
    found = []
    for name, one in space.items():
        value: Any = config
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        end = one.bound_at(float(value)) if _is_number(value) else None
        if end is not None:
            found.append((name, end))
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


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
