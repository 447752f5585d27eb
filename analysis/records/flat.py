"""Nested parameters and configurations as flat ones: names such as "optimizer.lr"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What the values of a parameter are."""

    NUMBER = "number"
    CATEGORY = "category"


def flat_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without nesting."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": one for inner, one in flat_config(value).items()}
        else:
            found[str(name)] = value
    return found


def searched_parameters(parameters: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the specifications of a sweep's `parameters` without nesting, constants included."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, spec in parameters.items():
        if not isinstance(spec, Mapping):
            continue
        if isinstance(spec.get("parameters"), Mapping):
            inner = searched_parameters(spec["parameters"])
            found |= {f"{name}.{key}": one for key, one in inner.items()}
        else:
            found[str(name)] = spec
    return found


def varying_parameters(parameters: Mapping[str, Any], configs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the parameters that a search varies, in their order.

    A parameter that the sweep does not specify varies if the configurations differ in it.
    """
    specs = searched_parameters(parameters)
    varying = [name for name, spec in specs.items() if not _is_constant(spec)]
    seen: dict[str, set[str]] = {}
    for config in configs:
        for name, value in flat_config(config).items():
            # A constant may be a mapping: its parts are constants too.
            if not any(name == one or name.startswith(f"{one}.") for one in specs):
                seen.setdefault(name, set()).add(as_text(value))
    return varying + [name for name, values in seen.items() if len(values) > 1]


def as_text(value: Any) -> str:
    """Return a value as text: as JSON, but for text itself."""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _is_constant(spec: Mapping[str, Any]) -> bool:
    if "value" in spec:
        return True
    values = spec.get("values")
    if isinstance(values, list):
        return len({as_text(value) for value in values}) < 2
    return "min" in spec and spec.get("min") == spec.get("max")
