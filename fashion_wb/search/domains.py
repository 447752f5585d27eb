"""The values that a parameter can take: a list, or an interval."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, overload


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


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same_kind(first: Any, second: Any) -> bool:
    return type(first) is type(second) or (_is_number(first) and _is_number(second))
