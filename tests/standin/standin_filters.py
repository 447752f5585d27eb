"""Filter runs with the part of W&B's filter language (MongoDB's) that clients use here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from standin_graphql import Unknown
from standin_state import Run

_FIELDS: dict[str, Callable[[Run], Any]] = {
    "name": lambda run: run.name,
    "sweep": lambda run: run.sweep,
    "state": lambda run: run.state,
    "group": lambda run: run.group,
}


def matches(run: Run, filters: dict[str, Any]) -> bool:
    """Whether a run matches.

    Raises:
        Unknown: the stand-in does not support an operator or a field.
    """
    return all(_fits(run, key, wanted) for key, wanted in filters.items())


def _fits(run: Run, key: str, wanted: Any) -> bool:
    if key == "$and":
        return all(matches(run, part) for part in wanted)
    if key == "$or":
        return any(matches(run, part) for part in wanted)
    if key not in _FIELDS:
        raise Unknown(f"runs: filter {key}")
    value = _FIELDS[key](run)
    if not isinstance(wanted, dict):
        return value == wanted
    match wanted:
        case {"$in": [*values]} if len(wanted) == 1:
            return value in values
        case {"$ne": other} if len(wanted) == 1:
            return value != other
    raise Unknown(f"runs: filter {key}: {wanted}")
