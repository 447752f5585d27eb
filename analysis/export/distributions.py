"""Optuna's distribution of each parameter of a sweep: it holds every value that occurs, unchanged."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from fashion_wb.search.domains import Domain, Interval, Listed, Misfit, Steps

# Optuna stores the values of parameters as floats, which hold every integer up to this one.
_EXACT = 2**53


@dataclass(frozen=True)
class Dimension:
    """A parameter in Optuna.

    Attributes:
        distribution: it holds every value of the parameter that occurs.
        domain: the values in the sweep file; None if they are not known.
        as_json: whether categories are JSON text, because Optuna takes 1 and true for the same category.
        note: how it differs from the sweep file; "" if it does not.
    """

    distribution: BaseDistribution
    domain: Domain | None
    as_json: bool
    note: str

    def value(self, value: Any) -> Any:
        """Return a value of the parameter as Optuna takes it: an equal number, or its category."""
        if isinstance(self.distribution, IntDistribution):
            return int(value)
        if isinstance(self.distribution, FloatDistribution):
            return float(value)
        return _category(_own(self.domain, value), self.as_json)


def dimension(name: str, domain: Domain | None, log: bool, values: Sequence[Any]) -> Dimension:
    """Return a parameter in Optuna: as the sweep file has it, or widened until every value is in it.

    Args:
        name: the parameter's name, for the note.
        domain: the values in the sweep file; None if they are not known.
        log: whether the sweep file has it on a logarithmic scale.
        values: those that occur; at least one.
    """
    known = _distinct(values)
    choices = _distinct([*_listed(domain), *(_own(domain, value) for value in known)])
    as_json = len({_category(value, False) for value in choices}) < len(choices)
    with warnings.catch_warnings():
        # A step that does not divide its range: Optuna cuts the range, and the next candidate is taken.
        warnings.simplefilter("ignore", UserWarning)
        found = next(
            (one for one in _numeric(domain, log, known) if all(_holds(one, value) for value in known)),
            CategoricalDistribution([_category(value, as_json) for value in choices]),
        )
    return Dimension(found, domain, as_json, _note(name, domain, known, found))


def _numeric(domain: Domain | None, log: bool, values: Sequence[Any]) -> Iterator[BaseDistribution]:
    """Yield distributions of numbers, the one of the sweep file first; none if there are categories."""
    if _listed(domain) or not all(map(_is_number, values)):
        return
    steps = domain.values if isinstance(domain, Listed) else None
    low, high = _span(domain, values)
    if isinstance(steps, range):
        # Optuna has no steps on a logarithmic scale.
        step = 1 if log and steps[0] >= 1 else steps.step
        yield IntDistribution(steps[0], steps[-1], log and steps[0] >= 1, step)
    elif isinstance(steps, Steps) and not log:
        # Without the rounding errors of the sums, because of which the step would not divide the range.
        first, last = (float(f"{bound:.12g}") for bound in (steps[0], steps[-1]))
        yield FloatDistribution(first, last, step=steps.step)
    whole = isinstance(steps, range) or domain is None
    if whole and all(isinstance(value, int) for value in values):
        yield IntDistribution(int(low), int(high), log and low >= 1)
    yield FloatDistribution(low, high, log and low > 0)


def _span(domain: Domain | None, values: Sequence[float]) -> tuple[float, float]:
    """Return the bounds of a parameter, and of its values; without bounds on both sides, of its values."""
    bounds: list[float] = []
    if isinstance(domain, Interval) and _is_bounded(domain):
        bounds = [domain.low, domain.high]
    elif isinstance(domain, Listed):
        bounds = [domain.values[0], domain.values[-1]]
    return min([*bounds, *values]), max([*bounds, *values])


def _is_bounded(domain: Interval) -> bool:
    return math.isfinite(domain.low) and math.isfinite(domain.high)


def _listed(domain: Domain | None) -> Sequence[Any]:
    """Return the categories in the sweep file; none if the parameter is a number."""
    if isinstance(domain, Listed) and not isinstance(domain.values, (range, Steps)):
        return domain.values
    return ()


def _holds(distribution: BaseDistribution, value: float) -> bool:
    assert isinstance(distribution, (IntDistribution, FloatDistribution))
    if isinstance(value, int) and abs(value) > _EXACT:
        return False
    if isinstance(distribution, IntDistribution) and value != int(value):
        return False
    if not distribution.low <= value <= distribution.high:
        return False
    steps = 0.0 if distribution.step is None else (value - distribution.low) / distribution.step
    # As Optuna decides it.
    return abs(steps - round(steps)) < 1e-8


def _note(name: str, domain: Domain | None, values: Sequence[Any], found: BaseDistribution) -> str:
    outside = [] if domain is None else [value for value in values if not _fits(domain, value)]
    if outside:
        listed = ", ".join(map(repr, outside[:3])) + (", ..." if len(outside) > 3 else "")
        return f"{name}: the sweep file does not have {listed}; in Optuna it is {_in_words(found)}"
    if isinstance(domain, Interval) and not _is_bounded(domain):
        return (
            f"{name}: the sweep file has no bounds; in Optuna it is {_in_words(found)}, as far as values go"
        )
    return ""


def _in_words(found: BaseDistribution) -> str:
    if isinstance(found, (IntDistribution, FloatDistribution)):
        kind = "an integer" if isinstance(found, IntDistribution) else "a number"
        return f"{kind} from {found.low:g} to {found.high:g}"
    assert isinstance(found, CategoricalDistribution)
    return f"one of {len(found.choices)} categories"


def _fits(domain: Domain, value: Any) -> bool:
    try:
        domain.convert(value)
    except Misfit:
        return False
    return True


def _own(domain: Domain | None, value: Any) -> Any:
    # Where the file lists 1.0, a 1 that W&B's server gave back is that value.
    return domain.convert(value) if domain is not None and _fits(domain, value) else value


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return values without repeats; 1, 1.0 and true are three."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(json.dumps(value, sort_keys=True, default=str), value)
    return list(found.values())


def _category(value: Any, as_json: bool) -> Any:
    if as_json or not (value is None or isinstance(value, (bool, int, float, str))):
        return json.dumps(value, sort_keys=True, default=str)
    return value


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
