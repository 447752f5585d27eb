"""The page's list of conditions: machine, versions, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.html_report.cells import DASH

# Said elsewhere on the page, or repeated by another.
_LEFT_OUT = ("trials", "paired")


def conditions_shown(conditions: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the recorded conditions of a study as names and texts; empty if there are none."""
    return {
        name.replace("_", " "): _text(value)
        for name, value in (conditions or {}).items()
        if name not in _LEFT_OUT and value not in ({}, [])
    }


def _text(value: Any) -> str:
    if value is None:
        return DASH
    if isinstance(value, Mapping):
        # A budget is {"trials": 10}; extras are {"training images": 50000}.
        return ", ".join(
            f"{each:,} {name}" if _is_count(each) else f"{name} {each}" for name, each in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
