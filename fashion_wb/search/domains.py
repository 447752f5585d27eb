"""The values that a parameter of a sweep file can take: a list, or an interval."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, overload

import numpy as np

from fashion_wb.errors import FashionWbError


class Misfit(Exception):
    """A value that a parameter cannot take; the message has the rule and what was got."""


class Domain(Protocol):
    """The values of one parameter.

    Attributes:
        size: how many there are; None for infinitely many.
    """

    @property
    def size(self) -> int | None: ...

    def convert(self, value: Any) -> Any:
        """Return the equal value of this domain, with its type.

        Raises:
            Misfit: there is none.
        """
        ...

    def identity(self, value: Any) -> Hashable:
        """Return a key that is the same for the values that `convert` makes the same."""
        ...


@dataclass(frozen=True)
class Steps(Sequence[Any]):
    """Evenly spaced numbers: base + step * k for `length` integers k from `first`; computed when needed."""

    base: float
    step: float
    first: int
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Any]: ...
    def __getitem__(self, position: int | slice) -> Any:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(self.length))]
        if not -self.length <= position < self.length:
            raise IndexError(position)
        return self.base + self.step * (self.first + position % self.length)

    def position(self, value: float) -> int | None:
        """Return the position of `value`, to rounding errors; None if it is not among the numbers."""
        found = round((value - self.base) / self.step) - self.first
        if not 0 <= found < self.length:
            return None
        return found if math.isclose(self[found], value, rel_tol=1e-9, abs_tol=1e-9 * self.step) else None


@dataclass(frozen=True)
class Listed:
    """A finite number of different values, in order."""

    values: Sequence[Any]

    @property
    def size(self) -> int:
        return len(self.values)

    def convert(self, value: Any) -> Any:
        """Return the value of the list that equals `value`; see `Domain`."""
        found = self._position(value)
        if found is None:
            raise Misfit(f"must be {self._rule()}, got {value!r}")
        return self.values[found]

    def identity(self, value: Any) -> Hashable:
        """Return the value's position; see `Domain`."""
        found = self._position(value)
        return json.dumps(value, sort_keys=True, default=repr) if found is None else found

    def _position(self, value: Any) -> int | None:
        if isinstance(self.values, (range, Steps)):
            if not _is_number(value):
                return None
            if isinstance(self.values, Steps):
                return self.values.position(value)
            return self.values.index(int(value)) if value in self.values else None
        # 1, 1.0 and True are equal in Python, but a file may list all three. 1.0 comes back from W&B as 1.
        exact = [n for n, own in enumerate(self.values) if type(own) is type(value) and own == value]
        equal = [n for n, own in enumerate(self.values) if own == value and _same_kind(own, value)]
        return next(iter(exact or equal), None)

    def _rule(self) -> str:
        if isinstance(self.values, (range, Steps)):
            step = self.values.step
            kind = "an integer" if isinstance(self.values, range) else "a number"
            steps = f" in steps of {step}" if step != 1 or kind == "a number" else ""
            return f"{kind} from {self.values[0]} to {self.values[-1]}{steps}"
        if len(self.values) == 1:
            return f"{self.values[0]!r}, the only value in the sweep file"
        return f"one of {', '.join(map(repr, self.values))}"


@dataclass(frozen=True)
class Interval:
    """All numbers from `low` to `high`, which may be infinite; only multiples of `q` if that is given."""

    low: float
    high: float
    q: float | None = None

    @property
    def size(self) -> None:
        return None

    def convert(self, value: Any) -> Any:
        """Return a number of the interval; see `Domain`."""
        if not _is_number(value) or not math.isfinite(value):
            raise Misfit(f"must be {self._rule()}, got {value!r}")
        # exp(log(low)) may be less than low.
        slack = 1e-9 * max(abs(bound) for bound in (self.low, self.high, 0.0) if math.isfinite(bound))
        multiple = self.q is None or math.isclose(round(value / self.q) * self.q, value, rel_tol=1e-9)
        if not multiple or not self.low - slack <= value <= self.high + slack:
            raise Misfit(f"must be {self._rule()}, got {value!r}")
        if self.q is not None:
            return round(value / self.q) * self.q
        return min(max(float(value), float(self.low)), float(self.high))

    def identity(self, value: Any) -> Hashable:
        """Return the value itself; see `Domain`."""
        return json.dumps(value, sort_keys=True, default=repr)

    def _rule(self) -> str:
        multiple = "" if self.q is None else f", a multiple of {self.q}"
        if math.isinf(self.low) and math.isinf(self.high):
            return f"a number{multiple}"
        if math.isinf(self.high):
            return f"a number of at least {self.low}{multiple}"
        return f"a number from {self.low} to {self.high}{multiple}"


def wandb_domain(spec: Mapping[str, Any], method: str) -> Domain:
    """Return the values that W&B's own search draws for a parameter's entry; `sweeps.params` says so.

    Raises:
        FashionWbError: not a parameter that W&B knows.
    """
    from fashion_wb.sweepfile.sweeps_package import fill_parameter

    filled = fill_parameter("parameter", dict(spec))
    if filled is None:
        raise FashionWbError(f"parameters: not a parameter W&B knows: {dict(spec)!r}")
    kind, entry = filled
    if kind == "param_quniform" and method == "grid":
        return Listed(np.arange(entry["min"], entry["max"], entry["q"]).tolist())
    return _DOMAINS[kind.removeprefix("param_")](entry)


def optuna_domain(spec: Mapping[str, Any]) -> Domain:
    """Return the values that Optuna draws for a parameter's entry, converted as W&B's scheduler does."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    from fashion_wb.wandb_private import optuna_search_space

    if spec.get("distribution") == "q_log_uniform_values" and (spec.get("q", 1) != 1 or spec["min"] < 1):
        # The conversion drops q, and prints a warning each time; the search has it printed already.
        return Interval(spec["min"], spec["max"])
    with warnings.catch_warnings():
        # A range that the step does not divide, and categories that are lists.
        warnings.simplefilter("ignore", UserWarning)
        (distribution,) = optuna_search_space({"parameter": spec}).values()
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


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same_kind(first: Any, second: Any) -> bool:
    return type(first) is type(second) or (_is_number(first) and _is_number(second))
