"""What W&B only warns about in a sweep file, and then ignores: leave it out, and say so.

W&B's client sends a file with such things to the server, which answers with warnings by the schema that pip
`sweeps` contains. An unknown key, or a distribution beside `values`, changes nothing in a search.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fashion_wb.sweepfile.yaml_lines import YamlSource
from fashion_wb.yaml_numbers import Key

# Blocks of a sweep file whose keys the schema lists.
_BLOCKS = ("metric", "early_terminate", "scheduler", "controller")
_LABELS = ("name", "description", "project", "entity")
# A parameter that has the first of these is of that kind whatever else is given.
_KINDS = {"values": ("values", "probabilities"), "value": ("value",), "parameters": ("parameters",)}
_BOUNDS = ("min", "max")


def without_ignored(source: YamlSource) -> tuple[YamlSource, tuple[str, ...]]:
    """Return a sweep file without what W&B ignores, and a warning for each thing left out.

    Args:
        source: the file; its data is a mapping.
    """
    config = copy.deepcopy(source.data)
    warnings = [source.message(key, text) for key, text in _drop(config)]
    return replace(source, data=config), tuple(warnings)


def _drop(config: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    from fashion_wb.sweepfile.sweeps_package import sweep_config_jsonschema as schema

    yield from _drop_unknown(config, (), schema["properties"])
    for name in _BLOCKS:
        block = config.get(name)
        if isinstance(block, dict):
            yield from _drop_unknown(block, (name,), _properties(schema, name))
    for name in _LABELS:
        if name in config and not isinstance(config[name], str):
            yield (name,), f"W&B wants a text; {config[name]!r} is used as one"
            config[name] = str(config[name])
    if isinstance(config.get("parameters"), dict):
        yield from _drop_in_parameters(config["parameters"], ("parameters",), _forms(schema))


def _drop_unknown(block: dict[str, Any], key: Key, known: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    for name in [name for name in block if name not in known]:
        close = difflib.get_close_matches(name, list(known), n=1)
        hint = f"did you mean {close[0]}?" if close else f"W&B knows {', '.join(sorted(known))}"
        yield (*key, name), f"unknown key, ignored as W&B ignores it; {hint}"
        del block[name]


def _drop_in_parameters(
    parameters: dict[str, Any], key: Key, forms: Mapping[str, set[str]]
) -> Iterator[tuple[Key, str]]:
    for name, entry in parameters.items():
        if not isinstance(entry, dict):
            continue
        nested = entry.get("parameters")
        if isinstance(nested, dict):
            yield from _drop_in_parameters(nested, (*key, name, "parameters"), forms)
        known = _known_keys(entry, forms)
        for extra in [extra for extra in entry if known is not None and extra not in known]:
            yield (*key, name, extra), f"{_why(entry, extra)}, ignored as W&B ignores it"
            del entry[extra]


def _known_keys(entry: Mapping[str, Any], forms: Mapping[str, set[str]]) -> set[str] | None:
    """Return the keys that a parameter's entry may have; None if its kind is unclear, which is an error."""
    kinds = [kind for kind in _KINDS if kind in entry]
    if len(kinds) + any(bound in entry for bound in _BOUNDS) > 1:
        return None
    if not kinds:
        return forms.get(str(entry.get("distribution", "uniform")))
    known = set(_KINDS[kinds[0]])
    fitting = {name for name, keys in forms.items() if keys - {"distribution"} <= known and kinds[0] in keys}
    return known | ({"distribution"} if entry.get("distribution") in fitting else set())


def _why(entry: Mapping[str, Any], extra: str) -> str:
    if extra == "distribution":
        beside = next(kind for kind in _KINDS if kind in entry)
        return f"{entry[extra]} does not go with {beside}"
    return "not a key of such a parameter"


def _properties(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    entry = schema["properties"][name]
    for one in (entry, *entry.get("oneOf", ())):
        if "$ref" in one:
            entry = schema["definitions"][one["$ref"].rpartition("/")[2]]
    return dict(entry["properties"])


def _forms(schema: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return, by distribution, the keys of a parameter's entry."""
    found: dict[str, set[str]] = {}
    for definition in schema["definitions"].values():
        for form in (definition, *definition.get("anyOf", ())):
            properties = form.get("properties", {})
            for name in properties.get("distribution", {}).get("enum", ()):
                found[name] = set(properties)
    return found
