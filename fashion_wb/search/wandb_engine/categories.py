"""Replace every categorical value of a sweep by its position in the list, from 1, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fashion_wb.errors import FashionWbError

Parameters = Mapping[str, Mapping[str, Any]]


def parameter_kinds(parameters: Parameters, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted name, kind) of every parameter; the kind is W&B's schema name, such as param_uniform."""
    for name, spec in parameters.items():
        if _is_nested(spec):
            yield from parameter_kinds(spec["parameters"], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _kind(f"{prefix}{name}", spec)


def parameters_as_positions(parameters: Parameters) -> dict[str, Any]:
    """Replace the values of each categorical parameter by 1..n, none of which is falsy."""
    return {name: _spec_as_positions(spec) for name, spec in parameters.items()}


def to_positions(parameters: Parameters, config: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a trial's config to the positions of `parameters_as_positions`.

    Raises:
        FashionWbError: the config lacks a parameter or has a value that the file no longer lists.
    """
    return _convert(parameters, config, _position)


def from_positions(parameters: Parameters, config: Mapping[str, Any]) -> dict[str, Any]:
    """Convert positions back to values; the inverse of `to_positions`."""
    return _convert(parameters, config, lambda _, choices, position: choices[position - 1])


def _convert(
    parameters: Parameters, config: Mapping[str, Any], leaf: Callable[[str, list[Any], Any], Any]
) -> dict[str, Any]:
    converted = {}
    for name, spec in parameters.items():
        if name not in config:
            raise FashionWbError(
                f"a trial has no value for parameter {name!r}: the sweep file has changed since it ran"
            )
        value = config[name]
        if _is_nested(spec):
            converted[name] = _convert(spec["parameters"], value, leaf)
        else:
            converted[name] = leaf(name, spec["values"], value) if "values" in spec else value
    return converted


def _spec_as_positions(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    if _is_nested(spec):
        return {**spec, "parameters": parameters_as_positions(spec["parameters"])}
    return {"values": list(range(1, len(spec["values"]) + 1))} if "values" in spec else spec


def _position(name: str, choices: list[Any], value: Any) -> int:
    # The type decides first: 1, 1.0 and True are equal in Python, but a file may list all three.
    exact = [i for i, choice in enumerate(choices, 1) if type(choice) is type(value) and choice == value]
    equal = [i for i, choice in enumerate(choices, 1) if choice == value]
    if not equal:
        raise FashionWbError(
            f"a trial has {name} = {value!r}, which is not one of {choices!r}: "
            "the sweep file has changed since it ran"
        )
    return (exact or equal)[0]


def _is_nested(spec: Mapping[str, Any]) -> bool:
    return isinstance(spec.get("parameters"), dict)


def _kind(name: str, spec: Mapping[str, Any]) -> str:
    from fashion_wb.sweepfile.sweeps_package import fill_parameter

    filled = fill_parameter(name, dict(spec))
    if filled is None:
        raise FashionWbError(f"parameters.{name}: not a parameter W&B knows: {dict(spec)!r}")
    return str(filled[0])
