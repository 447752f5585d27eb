"""What the searches of a comparison have in common: objective, parameters, and what else is reported."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.records.flat import Kind, flat_config, searched_parameters, varying_parameters
from analysis.records.search import SearchRecord
from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Metric

# The columns that every table of trials has; a parameter or metric of the same name gets a prefix.
FIXED = ("method", "sweep", "replicate", "run", "state", "steps", "seconds", "minimised")
# Numbers of a list span this factor, or more, if a logarithm shows them better.
_WIDE = 100


@dataclass(frozen=True)
class Parameter:
    """A parameter that the searches vary.

    Attributes:
        name: its name; of a nested parameter like "optimizer.lr".
        column: its column in tables: the name, with "config." before it if something else has that name.
        kind: whether its values are numbers or categories. Categories are text in tables.
        log: whether a logarithmic scale shows its numbers best.
    """

    name: str
    column: str
    kind: Kind
    log: bool = False


@dataclass(frozen=True)
class Subject:
    """What the searches of one comparison have in common.

    Attributes:
        metric: the objective.
        parameters: the parameters that vary, in the order of the sweep files.
        also: names of other logged values to report beside the objective.
        unit: what a step, one logged value of the objective, is called: "epoch" if the runs log one.
        step_seconds: the logged value that is the duration of a step, in seconds; None if W&B's `_runtime`
            tells the time.
    """

    metric: Metric
    parameters: tuple[Parameter, ...] = ()
    also: tuple[str, ...] = ()
    unit: str = "step"
    step_seconds: str | None = None

    @property
    def sign(self) -> int:
        """What turns the objective into a number to minimise, and back: 1, or -1 if the goal is maximize."""
        return -1 if self.metric.goal == "maximize" else 1

    @property
    def better(self) -> str:
        """What better values of the objective are: "lower" or "higher"."""
        return "higher" if self.sign < 0 else "lower"

    @property
    def best(self) -> str:
        """What the best value of the objective is: "lowest" or "highest"."""
        return "highest" if self.sign < 0 else "lowest"

    @property
    def value(self) -> str:
        """The column of the objective."""
        return self.result_columns[self.metric.name]

    @property
    def result_columns(self) -> dict[str, str]:
        """The columns of the objective and of `also`, by name."""
        names = dict.fromkeys((self.metric.name, *self.also))
        return {name: f"summary.{name}" if name in FIXED else name for name in names}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the parameters."""
        return tuple(parameter.column for parameter in self.parameters)


def subject_of(
    searches: Sequence[SearchRecord], also: Iterable[str] = (), step_seconds: str | None = None
) -> Subject:
    """Return what `searches` have in common.

    Args:
        searches: at least one.
        also: other logged values to report; the objective itself is left out.
        step_seconds: see `Subject`.

    Raises:
        FashionWbError: the searches have different objectives.
    """
    metric = _one_metric(searches)
    others = tuple(name for name in dict.fromkeys(also) if name != metric.name)
    plain = Subject(metric, (), others)
    taken = {*FIXED, *plain.result_columns.values()}
    parameters = tuple(_parameter(name, searches, taken) for name in _varying(searches))
    return Subject(metric, parameters, others, _unit(searches), step_seconds)


def _one_metric(searches: Sequence[SearchRecord]) -> Metric:
    by_metric: dict[Metric, list[str]] = {}
    for search in searches:
        by_metric.setdefault(search.metric, []).append(f"{search.method} ({search.sweep})")
    if len(by_metric) > 1:
        lines = "\n".join(
            f"  {metric.name} ({metric.goal}): {', '.join(names)}" for metric, names in by_metric.items()
        )
        raise FashionWbError(
            f"the searches have different objectives, so they cannot be compared:\n{lines}\n"
            "Name searches of one metric and goal only."
        )
    return next(iter(by_metric))


def _varying(searches: Sequence[SearchRecord]) -> list[str]:
    found: dict[str, None] = {}
    for search in searches:
        found |= dict.fromkeys(varying_parameters(search.parameters, search.configs))
    return list(found)


def _parameter(name: str, searches: Sequence[SearchRecord], taken: set[str]) -> Parameter:
    column = f"config.{name}" if name in taken else name
    specs = [spec for one in searches if (spec := searched_parameters(one.parameters).get(name)) is not None]
    if specs:
        kind = Kind.NUMBER if all(_is_numeric(spec) for spec in specs) else Kind.CATEGORY
        return Parameter(name, column, kind, kind is Kind.NUMBER and any(map(_is_wide_spec, specs)))
    values = [flat_config(config).get(name) for one in searches for config in one.configs]
    known = [value for value in values if value is not None]
    kind = Kind.NUMBER if all(map(_is_number, known)) else Kind.CATEGORY
    return Parameter(name, column, kind, kind is Kind.NUMBER and _is_wide(known))


def _is_numeric(spec: Mapping[str, Any]) -> bool:
    listed = spec.get("values", [spec["value"]] if "value" in spec else None)
    if listed is not None:
        return isinstance(listed, Sequence) and all(map(_is_number, listed))
    return "min" in spec or "max" in spec or "mu" in spec or "distribution" in spec


def _is_wide_spec(spec: Mapping[str, Any]) -> bool:
    if isinstance(spec.get("values"), Sequence):
        return _is_wide(spec["values"])
    return "log" in str(spec.get("distribution", ""))


def _is_wide(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and max(values) / min(values) >= _WIDE


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _unit(searches: Sequence[SearchRecord]) -> str:
    for search in searches:
        for trial in search.trials:
            if any(search.metric.name in row and "epoch" in row for row in trial.history):
                return "epoch"
    return "step"
