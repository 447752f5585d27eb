"""Read folders that an older version wrote as if this version had written them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Files of this project that sweep files name and that have moved since version 0.1: old path to current path.
_MOVED = {"fashion_wb/samplers/studies.py": "fashion_wb/search/studies.py"}


def update_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a sweep's recorded configuration with the current paths of files that have moved.

    Such a path can only be the `source` of the scheduler block, the file that makes the search. Everything
    else stays the same.
    """
    scheduler = config.get("scheduler")
    if not isinstance(scheduler, Mapping) or scheduler.get("source") not in _MOVED:
        return dict(config)
    return {**config, "scheduler": {**scheduler, "source": _MOVED[scheduler["source"]]}}
