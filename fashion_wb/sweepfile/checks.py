"""The rules for sweep files; the message of a broken rule names the line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile.distributions import broken_rule
from fashion_wb.sweepfile.program import read_program
from fashion_wb.sweepfile.yaml_lines import YamlSource
from fashion_wb.yaml_numbers import Key

# The macros of a command, but for ${envvar:NAME}.
_MACROS = tuple(
    f"${{{name}}}"
    for name in (
        *("env", "interpreter", "program", "args", "args_no_hyphens", "args_no_boolean_flags", "args_json"),
        "args_json_file",
    )
)


def check_schema(source: YamlSource) -> list[str]:
    """Check a sweep file against the schema that W&B's server uses; pip `sweeps` contains it.

    Returns:
        Warnings: of names of parameters that W&B takes all the same, and of distributions whose bounds are
        exponents.

    Raises:
        FashionWbError: the file breaks a rule of the schema.
    """
    from fashion_wb.sweepfile.sweeps_package import schema_violations_from_proposed_config, validator

    names: list[tuple[Key, str, str]] = []
    for problem in validator.iter_errors(source.data):
        if problem.validator == "pattern" and "propertyNames" in problem.absolute_schema_path:
            text = "W&B warns of such a name; it takes letters, digits, _, . and -"
            names.append(((*problem.absolute_path, problem.instance), text, problem.message))
        else:
            raise source.error(tuple(problem.absolute_path), _schema_message(problem))
    told = [message for _, _, message in names]
    warnings = [source.message(key, text) for key, text, _ in names]
    for text in schema_violations_from_proposed_config(source.data):
        name = next((n for n in source.data.get("parameters", {}) if text.startswith(f"{n} uses ")), None)
        if name is not None:
            warnings.append(source.message(("parameters", name), text.removeprefix(f"{name} ")))
        elif text not in told:
            raise source.error((), text)
    return warnings


def check_bounds(source: YamlSource) -> None:
    """Check that bounds without a distribution are both integers or both numbers with a point, for Python.

    That is the rule of W&B's client (`_validate_config_and_fill_distribution`), for parameters that are not
    nested. For the client, `1e-4` is a text.

    Raises:
        FashionWbError: a parameter's bounds are neither.
    """
    parameters = source.data.get("parameters")
    for name, entry in parameters.items() if isinstance(parameters, dict) else ():
        if not isinstance(entry, dict) or "distribution" in entry or not {"min", "max"} <= entry.keys():
            continue
        kinds = [_kind(source, name, entry, bound) for bound in ("min", "max")]
        if kinds not in (["integer", "integer"], ["number", "number"]):
            key = ("parameters", str(name))
            low, high = (source.numbers.get((*key, bound), repr(entry[bound])) for bound in ("min", "max"))
            raise source.error(
                key,
                f"min {low} and max {high} do not tell integers from numbers, so W&B refuses them; write "
                "both as 1 or both as 1.0 or 1.0e-4, or give a distribution such as log_uniform_values",
            )


def _kind(source: YamlSource, name: Any, entry: Mapping[str, Any], bound: str) -> str:
    if ("parameters", str(name), bound) in source.numbers:
        return "text"
    return {int: "integer", bool: "integer", float: "number"}.get(type(entry[bound]), "text")


def _schema_message(problem: Any) -> str:
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
            text = f"must be a number, got the text {spec[bound]!r}; write numbers without quotes"
            raise source.error((*key, bound), text)
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
    if broken := broken_rule(*filled):
        raise source.error(key, broken)


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
    for key in ("job", "image_uri"):
        if key in config:
            raise source.error(
                (key,), "W&B Launch needs W&B's server; for an offline sweep give program or command"
            )
    if not config.get("program") and not config.get("command"):
        raise source.error((), "needs program (a training script) or command")
    _check_command(source)
    if config["method"] == "custom" and "scheduler" not in config:
        raise source.error(("method",), "method custom needs a scheduler block that names the engine")
    if "metrics" in config:
        raise source.error(("metrics",), "several objectives cannot be compared here; give one metric")
    needs_metric = config["method"] in ("bayes", "custom") or "early_terminate" in config
    if needs_metric and "metric" not in config:
        raise source.error((), "needs metric: {name: ..., goal: minimize}; this search uses its values")


def _check_command(source: YamlSource) -> None:
    parts = source.data.get("command") or []
    for position, part in enumerate(parts):
        if part is None or isinstance(part, (list, dict)):
            raise source.error(("command", position), f"must be a text such as ${{args}}, got {part!r}")
    if parts and all(_is_unknown_macro(str(part)) for part in parts):
        raise source.error(
            ("command",), f"holds unknown macros only, which W&B leaves out; it has {', '.join(_MACROS)}"
        )


def _is_unknown_macro(part: str) -> bool:
    return part.startswith("${") and part.endswith("}") and part not in _MACROS and "${envvar:" not in part
