"""The rules for sweep files; the message of a broken rule names the line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile.program import read_program
from fashion_wb.sweepfile.yaml_lines import Key, YamlSource


def check_schema(source: YamlSource) -> None:
    """Check a sweep file against the schema that W&B's server uses; pip `sweeps` contains it.

    Raises:
        FashionWbError: the file breaks a rule of the schema.
    """
    from fashion_wb.sweepfile.sweeps_package import schema_violations_from_proposed_config, validator

    for problem in validator.iter_errors(source.data):
        raise source.error(tuple(problem.absolute_path), _schema_message(problem))
    for text in schema_violations_from_proposed_config(source.data):
        raise source.error((), text)


def _schema_message(problem: Any) -> str:
    if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
        known = list(problem.schema.get("properties", {}))
        unknown = next((k for k in problem.instance if k not in known), "")
        close = difflib.get_close_matches(str(unknown), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"W&B knows {', '.join(sorted(known))}"
        return f"unknown key {unknown!r}; {hint}"
    if problem.validator == "enum":
        return f"must be one of {', '.join(map(str, problem.validator_value))}, got {problem.instance!r}"
    return str(problem.message)


def check_parameters(source: YamlSource) -> None:
    """Check every parameter of a sweep file, by W&B's rules and by those of its program.

    Raises:
        FashionWbError: W&B does not know such a parameter, or the program rejects it or one of its values.
    """
    parameters = source.data.get("parameters")
    if not isinstance(parameters, dict):
        return  # `check_schema` reports it
    for key, spec in _walk_parameters(parameters, ("parameters",)):
        _check_parameter(source, key, spec)
    _check_program_parameters(source, parameters)


def _walk_parameters(parameters: Mapping[str, Any], key: Key) -> Iterator[tuple[Key, Any]]:
    for name, spec in parameters.items():
        if isinstance(spec, dict) and isinstance(spec.get("parameters"), dict):
            yield from _walk_parameters(spec["parameters"], (*key, name, "parameters"))
        else:
            yield (*key, name), spec


def _check_parameter(source: YamlSource, key: Key, spec: Any) -> None:
    from fashion_wb.sweepfile.sweeps_package import fill_parameter, sweep_config_jsonschema

    if not isinstance(spec, dict):
        raise source.error(key, f"must be a mapping such as {{value: 1}} or {{min: 1, max: 9}}, got {spec!r}")
    for bound in ("min", "max", "q", "mu", "sigma"):
        if isinstance(spec.get(bound), str):
            hint = "YAML reads 1e-4 as text; write 1.0e-4"
            raise source.error((*key, bound), f"must be a number, got the text {spec[bound]!r} ({hint})")
    try:
        filled = fill_parameter(".".join(map(str, key)), spec)
    except ValueError as error:
        raise source.error(key, str(error).partition(": ")[2] or str(error)) from None
    if filled is None:
        definitions = sweep_config_jsonschema["definitions"].values()
        known = sorted({n for d in definitions for n in _distribution_names(d)})
        name = spec.get("distribution")
        if name is not None and name not in known:
            raise source.error((*key, "distribution"), f"must be one of {', '.join(known)}, got {name!r}")
        raise source.error(key, f"not a parameter W&B knows: {spec!r}; give value, values, or min and max")


def _distribution_names(definition: Mapping[str, Any]) -> list[str]:
    forms = [definition, *definition.get("anyOf", [])]
    return [n for f in forms for n in f.get("properties", {}).get("distribution", {}).get("enum", [])]


def _check_program_parameters(source: YamlSource, parameters: Mapping[str, Any]) -> None:
    path = source.data.get("program")
    program = read_program(Path(path).resolve()) if isinstance(path, str) else None
    known = None if program is None else program.parameters()
    if known is None:
        return
    for name, spec in parameters.items():
        key = ("parameters", name)
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}"
            raise source.error(key, f"{path} has no such hyperparameter; {hint}")
        for field, value in _stated_values(spec):
            try:
                known[name](value)
            except FashionWbError as error:
                raise source.error((*key, field), str(error)) from None


def _stated_values(spec: Any) -> Iterator[tuple[str, Any]]:
    """Yield the field and value of each value that a parameter's entry states."""
    if not isinstance(spec, dict):
        return
    distribution = str(spec.get("distribution"))
    if "log_uniform" in distribution and not distribution.endswith("values"):
        return  # here min and max are exponents, not values of the hyperparameter
    for field in ("value", "values", "min", "max"):
        found = spec.get(field, [])
        for value in found if isinstance(found, list) else [found]:
            yield field, value


def check_runnable_offline(source: YamlSource) -> None:
    """Check that a sweep file can run offline.

    Raises:
        FashionWbError: the file lacks something that an offline sweep needs, or asks for something that only
            W&B's server can do.
    """
    config = source.data
    if not config.get("program") and not config.get("command"):
        raise source.error((), "needs program (a training script) or command")
    for key in ("job", "image_uri"):
        if key in config:
            raise source.error(
                (key,), "W&B Launch needs W&B's server; for an offline sweep give program or command"
            )
    if config["method"] == "custom" and "scheduler" not in config:
        raise source.error(("method",), "method custom needs a scheduler block that names the engine")
    if "metrics" in config:
        raise source.error(("metrics",), "several objectives cannot be compared here; give one metric")
    needs_metric = config["method"] in ("bayes", "custom") or "early_terminate" in config
    if needs_metric and "metric" not in config:
        raise source.error((), "needs metric: {name: ..., goal: minimize}; this search uses its values")
