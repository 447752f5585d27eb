"""The rules for the numbers of a distribution that W&B's schema leaves out, and that its search fails on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

# exp(709.8) is the largest number there is.
_MOST_EXPONENT = 700.0
# Integers above this are not all numbers with a point, which the search draws them from.
_MOST_STEPS = 2**53
# A normal distribution leaves this many of its standard deviations about never.
_DEVIATIONS = 10.0
_NAMES = ("min", "max", "q", "mu", "sigma", "a", "b")


def broken_rule(kind: str, entry: Mapping[str, Any]) -> str:
    """Return which rule a parameter breaks, and what to do; "" if none.

    Args:
        kind: W&B's name of the kind of parameter, such as `param_uniform`.
        entry: its entry in the sweep file, with W&B's defaults filled in.
    """
    kind = kind.removeprefix("param_")
    if kind == "categorical_w_probabilities":
        return _broken_probabilities(entry["values"], entry["probabilities"])
    numbers = {name: entry[name] for name in _NAMES if name in entry}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return f"{name} must be a number, got {value!r}"
        if not math.isfinite(value):
            return f"{name} must be a finite number, got {value}"
    for name in ("q", "sigma", "a", "b"):
        if name in numbers and not numbers[name] > 0:
            return f"{name} must be above 0, got {numbers[name]}"
    if "min" in numbers:
        return _broken_bounds(kind, numbers["min"], numbers["max"], numbers.get("q"))
    return _broken_tails(kind, numbers)


def _broken_bounds(kind: str, low: float, high: float, q: float | None) -> str:
    if low >= high:
        return f"min {low} must be below max {high}; exchange them, or give value"
    if kind.endswith("loguniform") and max(abs(low), abs(high)) > _MOST_EXPONENT:
        return (
            f"min {low} and max {high} are exponents of e, at most {_MOST_EXPONENT:g}; give the values "
            "themselves with log_uniform_values"
        )
    if not math.isfinite(float(high) - float(low)):
        return f"min {low} and max {high} are too far apart; give bounds whose difference is a number"
    step = q if q is not None else 1 if kind == "int_uniform" else None
    if step is not None and max(abs(low), abs(high)) / step > _MOST_STEPS and not kind.endswith("loguniform"):
        return f"min {low} and max {high} are more than 2^53 steps of {step} from 0; give smaller ones"
    return ""


def _broken_tails(kind: str, numbers: Mapping[str, float]) -> str:
    if "mu" not in numbers:
        return ""
    mu, sigma = numbers["mu"], numbers["sigma"]
    farthest = abs(float(mu)) + _DEVIATIONS * float(sigma)
    if farthest > (_MOST_EXPONENT if "lognormal" in kind else 1e300):
        return f"mu {mu} and sigma {sigma} give numbers that are too large; give smaller ones"
    return ""


def _broken_probabilities(values: Sequence[Any], probabilities: Sequence[Any]) -> str:
    if len(values) != len(probabilities):
        return f"has {len(values)} values and {len(probabilities)} probabilities; give one for each value"
    for probability in probabilities:
        number = isinstance(probability, (int, float)) and not isinstance(probability, bool)
        if not number or not 0 <= probability <= 1:
            return f"probabilities must be numbers from 0 to 1, got {probability!r}"
    # W&B's own tolerance.
    if not math.isclose(sum(probabilities), 1.0, rel_tol=1e-5):
        return f"the probabilities {list(probabilities)} do not sum to 1; write them with more digits"
    return ""
