"""A W&B sweep file, checked once and frozen."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb import config as train_config
from fashion_wb.errors import FashionWbError
from fashion_wb.records import Metric
from fashion_wb.yamlsource import Key, YamlSource, read_yaml

PROJECT_ROOT = Path(__file__).resolve().parent.parent
TRAIN_PROGRAM = PROJECT_ROOT / "train.py"


@dataclass(frozen=True)
class Sweep:
    """A sweep that can be run offline.

    Attributes:
        name: what tables call it: the file's `name`, else the file's own name.
        config: the sweep file's content, just as W&B takes it.
        metric: the objective; None where the file names none (random and grid only).
        run_cap: most trials the sweep may have; None where the file sets none.
    """

    name: str
    config: Mapping[str, Any]
    metric: Metric | None
    run_cap: int | None

    @property
    def program(self) -> str | None:
        """The training script, relative to the directory the trials run in."""
        return self.config.get("program")

    @property
    def command(self) -> list[Any] | None:
        """The file's own `command`, with W&B's ${macros}, or None for W&B's default."""
        return self.config.get("command")


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep file.

    Raises:
        FashionWbError: the file is missing, is not YAML, breaks a rule of W&B's sweep schema, asks for
            something that has no offline meaning, or gives train.py a hyperparameter it does not have.
    """
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise source.error(
            (), f"must be a mapping of keys such as method and parameters, got {source.data!r}"
        )
    _check_parameters(source)
    _check_schema(source)
    _check_runnable_offline(source)
    return make_sweep(source.data, default_name=path.stem)


def make_sweep(config: Mapping[str, Any], default_name: str) -> Sweep:
    """Freeze an already checked sweep config."""
    metric = config.get("metric")
    return Sweep(
        name=str(config.get("name") or default_name),
        config=config,
        metric=Metric(metric["name"], metric.get("goal", "minimize")) if metric else None,
        run_cap=config.get("run_cap"),
    )


def _check_schema(source: YamlSource) -> None:
    # pip `sweeps` carries the very schema that W&B's server checks a sweep against.
    from fashion_wb.sweeps_package import schema_violations_from_proposed_config, validator

    for problem in validator.iter_errors(source.data):
        raise source.error(tuple(problem.absolute_path), _schema_text(problem))
    for text in schema_violations_from_proposed_config(source.data):
        raise source.error((), text)


def _schema_text(problem: Any) -> str:
    if problem.validator == "additionalProperties" and isinstance(problem.instance, dict):
        known = list(problem.schema.get("properties", {}))
        unknown = next((k for k in problem.instance if k not in known), "")
        close = difflib.get_close_matches(str(unknown), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"W&B knows {', '.join(sorted(known))}"
        return f"unknown key {unknown!r}; {hint}"
    if problem.validator == "enum":
        return f"must be one of {', '.join(map(str, problem.validator_value))}, got {problem.instance!r}"
    return str(problem.message)


def _check_parameters(source: YamlSource) -> None:
    parameters = source.data.get("parameters")
    if not isinstance(parameters, dict):
        return  # the schema check says what is missing
    for key, spec in _leaves(parameters, ("parameters",)):
        _check_leaf(source, key, spec)
    program = source.data.get("program")
    if isinstance(program, str) and Path(program).resolve() == TRAIN_PROGRAM:
        _check_train_parameters(source, parameters)


def _leaves(parameters: Mapping[str, Any], key: Key) -> Iterator[tuple[Key, Any]]:
    for name, spec in parameters.items():
        if isinstance(spec, dict) and isinstance(spec.get("parameters"), dict):
            yield from _leaves(spec["parameters"], (*key, name, "parameters"))
        else:
            yield (*key, name), spec


def _check_leaf(source: YamlSource, key: Key, spec: Any) -> None:
    from fashion_wb.sweeps_package import fill_parameter, sweep_config_jsonschema

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
        known = sorted({n for d in definitions for n in _distributions(d)})
        name = spec.get("distribution")
        if name is not None and name not in known:
            raise source.error((*key, "distribution"), f"must be one of {', '.join(known)}, got {name!r}")
        raise source.error(key, f"not a parameter W&B knows: {spec!r}; give value, values, or min and max")


def _distributions(definition: Mapping[str, Any]) -> list[str]:
    forms = [definition, *definition.get("anyOf", [])]
    return [n for f in forms for n in f.get("properties", {}).get("distribution", {}).get("enum", [])]


def _check_train_parameters(source: YamlSource, parameters: Mapping[str, Any]) -> None:
    for name, spec in parameters.items():
        key = ("parameters", name)
        if name not in train_config.NAMES:
            close = difflib.get_close_matches(name, train_config.NAMES, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(train_config.NAMES)}"
            raise source.error(key, f"train.py has no such hyperparameter; {hint}")
        for field in ("value", "values", "min", "max"):
            found = spec.get(field, []) if isinstance(spec, dict) else []
            if "log_uniform" in str(spec.get("distribution")) and not str(spec["distribution"]).endswith(
                "values"
            ):
                continue  # min and max are exponents there, not values of the hyperparameter
            for value in found if isinstance(found, list) else [found]:
                try:
                    train_config.check_value(name, value)
                except FashionWbError as error:
                    raise source.error((*key, field), str(error)) from None


def _check_runnable_offline(source: YamlSource) -> None:
    config = source.data
    if not config.get("program") and not config.get("command"):
        raise source.error((), "needs program (a training script) or command")
    for key in ("job", "image_uri"):
        if key in config:
            raise source.error(
                (key,), "W&B Launch needs its server; an offline sweep takes program or command"
            )
    if config["method"] == "custom" and "scheduler" not in config:
        raise source.error(("method",), "method custom needs a scheduler block that names the engine")
    if "metrics" in config:
        raise source.error(("metrics",), "several objectives cannot be compared here; give one metric")
    needs_metric = config["method"] in ("bayes", "custom") or "early_terminate" in config
    if needs_metric and "metric" not in config:
        raise source.error((), "needs metric: {name: ..., goal: minimize}; this method works by its values")
