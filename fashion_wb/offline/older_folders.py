"""Folders that an older version wrote, read as this version would have written them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Files of this project that sweep files name and that have moved since version 0.1: old path to new path.
_MOVED = {"fashion_wb/samplers/studies.py": "fashion_wb/search/studies.py"}


def update_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a sweep's recorded configuration with the present paths of files that have moved.

    A scheduler block names the file that makes its search (`source`). Everything else stays as it is.
    """
    scheduler = config.get("scheduler")
    if not isinstance(scheduler, Mapping) or scheduler.get("source") not in _MOVED:
        return dict(config)
    return {**config, "scheduler": {**scheduler, "source": _MOVED[scheduler["source"]]}}
