"""Read answers of W&B's server: every field that was requested is there, and of the kind it must be.

So nothing that reads an answer needs to doubt it, and a server or proxy that sends something else gives one
message that names the field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import yaml

from fashion_wb.server.errors import ServerError
from fashion_wb.yaml_numbers import load_yaml

# The requested fields by their key in the answer: the field's name, and what is requested of it.
Selection: TypeAlias = "Mapping[str, tuple[str, Selection]]"
Kind: TypeAlias = Callable[[Any], Any]

_ARGUMENTS = re.compile(r"\([^)]*\)")
_TOKEN = re.compile(r"[{}]|(?:(\w+)\s*:\s*)?(\w+)")
_SHOWN = 60


class _Wrong(ValueError):
    """What a value must be instead."""


def read_answer(document: str, data: Any, url: str) -> dict[str, Any]:
    """Return the answer's `data` with the texts decoded that hold JSON or YAML.

    Args:
        document: the GraphQL request: one operation, without fragments and directives.
        data: what the server at `url` answered.

    Raises:
        ServerError: a requested field is missing, or is not of its kind; the message names it.
    """
    return _object(_selection(document), data, "", "data", url)


@lru_cache(maxsize=64)
def _selection(document: str) -> Selection:
    flat = _ARGUMENTS.sub(" ", document)
    selection: dict[str, tuple[str, Selection]] = {}
    open_ones, last = [selection], selection
    for token in _TOKEN.finditer(flat, flat.index("{") + 1):
        if token[0] == "{":
            open_ones.append(last)
        elif token[0] == "}":
            open_ones.pop()
        else:
            last = {}
            open_ones[-1][token[1] or token[2]] = token[2], last
    return selection


def _object(selection: Selection, value: Any, of: str, place: str, url: str) -> dict[str, Any]:
    """Read an object, which is one `of` these: "runs" for a run in a list of runs."""
    if not isinstance(value, dict):
        raise _unusable(url, place, value, "an object")
    read = {}
    for key, (name, wanted) in selection.items():
        if key not in value:
            raise ServerError(f"{_answer(url)}: it has no {place}.{key}{_ADVICE}")
        read[key] = _field(name, wanted, value[key], of, f"{place}.{key}", url)
    return read


def _field(name: str, wanted: Selection, value: Any, of: str, place: str, url: str) -> Any:
    if name == "edges":
        if not isinstance(value, list):
            raise _unusable(url, place, value, "a list")
        return [_object(wanted, each, of, f"{place}[{at}]", url) for at, each in enumerate(value)]
    if wanted:
        inner = of if name == "node" else name
        return None if value is None and name in _OR_NULL else _object(wanted, value, inner, place, url)
    try:
        kind = _KINDS.get(f"{of}.{name}") or _KINDS.get(name)
        return value if kind is None else kind(value)
    except _Wrong as error:
        raise _unusable(url, place, value, str(error)) from None


def _unusable(url: str, place: str, value: Any, must: str) -> ServerError:
    got = repr(value)
    got = got if len(got) <= _SHOWN else f"{got[:_SHOWN]}..."
    return ServerError(f"{_answer(url)}: {place} must be {must}, got {got}{_ADVICE}")


def _answer(url: str) -> str:
    return f"W&B at {url} sent an answer that cannot be used"


_ADVICE = "; try again later, and check WANDB_BASE_URL and HTTPS_PROXY if it stays so"


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise _Wrong("a text")
    return value


def _whole(value: Any) -> Any:
    if type(value) is not int:
        raise _Wrong("a whole number")
    return value


def _text_or_whole(value: Any) -> Any:
    if not isinstance(value, str) and type(value) is not int:
        raise _Wrong("a text or a whole number")
    return value


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise _Wrong("true or false")
    return value


def _json(value: Any) -> Any:
    try:
        return json.loads(_text(value))
    except (ValueError, RecursionError):
        raise _Wrong("a text of JSON") from None


def _json_object(value: Any) -> Any:
    found = _json(_text(value) or "{}")
    if not isinstance(found, dict):
        raise _Wrong("a JSON object")
    return found


def _json_objects(value: Any) -> Any:
    found = _json(value)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _Wrong("a JSON list of objects")
    return found


def _rows(value: Any) -> Any:
    if not isinstance(value, list):
        raise _Wrong("a list of JSON objects")
    return [_json_object(each) for each in value]


def _mapping(value: Any) -> Any:
    """A run's config is JSON, a sweep's is YAML. YAML's reader reads both, but slowly."""
    text = _text(value)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = load_yaml(text)
        except (yaml.YAMLError, RecursionError):
            raise _Wrong("a text of JSON or YAML") from None
    if not isinstance(found, dict | None):
        raise _Wrong("a mapping in JSON or YAML")
    return {} if found is None else found


def _or(kind: Kind, default: Any) -> Kind:
    return lambda value: default if value is None else kind(value)


_OR_NULL = ("project", "sweep", "viewer")
# What may be null is what W&B's client expects to be null (wandb/apis/_generated/fragments.py).
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("id", "name", "createdAt"), _text),
    "state": _or(_text, ""),
    **dict.fromkeys(("displayName", "description", "entity"), _or(_text, None)),
    **dict.fromkeys(("allViews.name", "view.name"), _or(_text, None)),
    **dict.fromkeys(("sweepName", "heartbeatAt", "cursor", "endCursor"), _or(_text, None)),
    "runCount": _whole,
    "internalId": _or(_text_or_whole, None),
    "historyLineCount": _or(_whole, 0),
    "exitcode": _or(_whole, None),
    "stopped": _or(_flag, False),
    "hasNextPage": _flag,
    "config": _or(_mapping, {}),
    "summaryMetrics": _or(_json_object, {}),
    "history": _or(_rows, []),
    "commands": _json_objects,
}
