"""Read and set one parameter of a space or a configuration; a dotted name goes into nested ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def has_parameter(parameters: Mapping[str, Any], name: str) -> bool:
    """Tell whether a sweep file's `parameters` have `name`, as a key or nested as `outer.inner`."""
    if name in parameters:
        return True
    outer, dot, inner = name.partition(".")
    nested = _nested(parameters, outer)
    return bool(dot) and nested is not None and has_parameter(nested, inner)


def with_constant(parameters: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Copy a sweep file's `parameters` with parameter `name` fixed to `value`; it is added if it is new."""
    outer, dot, inner = name.partition(".")
    nested = _nested(parameters, outer)
    if name not in parameters and dot and nested is not None:
        return {
            **parameters,
            outer: {**parameters[outer], "parameters": with_constant(nested, inner, value)},
        }
    return {**parameters, name: {"value": value}}


def with_value(config: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Copy a trial's configuration with another value of parameter `name`."""
    outer, dot, inner = name.partition(".")
    if name not in config and dot and isinstance(config.get(outer), Mapping):
        return {**config, outer: with_value(config[outer], inner, value)}
    return {**config, name: value}


def value_of(config: Mapping[str, Any], name: str) -> Any:
    """Return the value of parameter `name` in a trial's configuration.

    Raises:
        KeyError: it has no such parameter.
    """
    outer, dot, inner = name.partition(".")
    if name not in config and dot and isinstance(config.get(outer), Mapping):
        return value_of(config[outer], inner)
    return config[name]


def _nested(parameters: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    spec = parameters.get(name)
    found = spec.get("parameters") if isinstance(spec, Mapping) else None
    return found if isinstance(found, Mapping) else None
