"""The values of a parameter of a sweep file, as W&B's own search and Optuna draw them."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fashion_wb.errors import FashionWbError
from fashion_wb.search.domains import Domain, Interval, Listed, Steps
from fashion_wb.sweepfile.distributions import broken_rule


def wandb_domain(spec: Mapping[str, Any], method: str) -> Domain:
    """Return the values that W&B's own search draws for a parameter's entry; `sweeps.params` says so.

    Raises:
        FashionWbError: not a parameter that W&B knows.
    """
    from fashion_wb.sweepfile.sweeps_package import fill_parameter

    # Of a folder or a server, where the file was not checked here.
    try:
        filled = fill_parameter("parameter", dict(spec))
    except ValueError as error:
        raise FashionWbError(f"parameters: {error}") from None
    if filled is None:
        raise FashionWbError(f"parameters: not a parameter W&B knows: {dict(spec)!r}")
    if broken := broken_rule(*filled):
        raise FashionWbError(f"parameters: {broken}")
    kind, entry = filled
    if kind == "param_quniform" and method == "grid":
        return Listed(np.arange(entry["min"], entry["max"], entry["q"]).tolist())
    return _DOMAINS[kind.removeprefix("param_")](entry)


def optuna_domain(spec: Mapping[str, Any]) -> Domain:
    """Return the values that Optuna draws for a parameter's entry, converted as W&B's scheduler does.

    Raises:
        FashionWbError: Optuna has no such distribution.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    from fashion_wb.wandb_private import optuna_search_space

    if spec.get("distribution") == "q_log_uniform_values" and (spec.get("q", 1) != 1 or spec["min"] < 1):
        # The conversion drops q, and prints a warning each time; the search has it printed already.
        return Interval(spec["min"], spec["max"])
    with warnings.catch_warnings():
        # A range that the step does not divide, and categories that are lists.
        warnings.simplefilter("ignore", UserWarning)
        try:
            (distribution,) = optuna_search_space({"parameter": spec}).values()
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise FashionWbError(f"parameters: Optuna cannot search {dict(spec)!r}: {error}") from None
    if isinstance(distribution, CategoricalDistribution):
        return Listed(_distinct(distribution.choices))
    if isinstance(distribution, IntDistribution):
        return Listed(range(distribution.low, distribution.high + 1, distribution.step))
    assert isinstance(distribution, FloatDistribution)
    low, high, step = distribution.low, distribution.high, distribution.step
    return (
        Interval(low, high) if step is None else Listed(Steps(low, step, 0, round((high - low) / step) + 1))
    )


def _rounded(low: float, high: float, q: float) -> Listed:
    """Return what W&B's `round(x / q) * q` gives for x between two bounds."""
    # A bound half-way between two multiples is drawn never, but 1.05 / 0.1 is a little more than 10.5.
    first, last = math.floor(low / q + 0.5 + 1e-9), math.ceil(high / q - 0.5 - 1e-9)
    if isinstance(q, int):
        return Listed(range(first * q, last * q + 1, q))
    return Listed(Steps(0, q, first, last - first + 1))


def _distinct(values: Sequence[Any]) -> list[Any]:
    return list(
        {json.dumps(value, sort_keys=True, default=repr): value for value in reversed(values)}.values()
    )[::-1]


def _likely(entry: Mapping[str, Any]) -> Listed:
    pairs = zip(entry["values"], entry["probabilities"], strict=True)
    return Listed(_distinct([value for value, chance in pairs if chance > 0]))


# By W&B's schema names, without "param_".
_DOMAINS: dict[str, Callable[[Mapping[str, Any]], Domain]] = {
    "single_value": lambda e: Listed([e["value"]]),
    "categorical": lambda e: Listed(_distinct(e["values"])),
    "categorical_w_probabilities": _likely,
    "int_uniform": lambda e: Listed(range(e["min"], e["max"] + 1)),
    "uniform": lambda e: Interval(e["min"], e["max"]),
    "loguniform": lambda e: Interval(math.exp(e["min"]), math.exp(e["max"])),
    "loguniform_v2": lambda e: Interval(e["min"], e["max"]),
    "inv_loguniform": lambda e: Interval(math.exp(-e["max"]), math.exp(-e["min"])),
    "inv_loguniform_v2": lambda e: Interval(e["min"], e["max"]),
    "quniform": lambda e: _rounded(e["min"], e["max"], e["q"]),
    "qloguniform": lambda e: _rounded(math.exp(e["min"]), math.exp(e["max"]), e["q"]),
    "qloguniform_v2": lambda e: _rounded(e["min"], e["max"], e["q"]),
    "normal": lambda e: Interval(-math.inf, math.inf),
    "qnormal": lambda e: Interval(-math.inf, math.inf, e["q"]),
    "lognormal": lambda e: Interval(0.0, math.inf),
    "qlognormal": lambda e: Interval(0.0, math.inf, e["q"]),
    "beta": lambda e: Interval(0.0, 1.0),
    "qbeta": lambda e: _rounded(0.0, 1.0, e["q"]),
}
