"""The file with a trial's configuration, in the format of W&B's agent: {name: {desc: null, value: ...}}."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.yaml_numbers import ShallowLoader

_MOST_LEVELS = 5_000
# Ten times faster than SafeLoader; PyYAML may be built without it.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def write_config(config: Mapping[str, Any], path: Path) -> None:
    """Write a trial's configuration; return when it is on disk."""
    document = {"wandb_version": 1, **{name: {"desc": None, "value": v} for name, v in config.items()}}
    write_text(yaml.safe_dump(document, sort_keys=False), path)


def read_config(path: Path) -> dict[str, Any]:
    """Read a trial's configuration.

    Raises:
        FashionWbError: it is missing or damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
        # The fast one ends the process where a file is nested some ten thousand levels deep.
        deep = sum(map(text.count, ("[", "{", "- ", ": "))) > _MOST_LEVELS
        document = yaml.load(text, ShallowLoader if deep else _SafeLoader)
        return {name: entry["value"] for name, entry in document.items() if name != "wandb_version"}
    except (yaml.YAMLError, AttributeError, TypeError, KeyError, ValueError, RecursionError):
        raise FashionWbError(f"{path}: damaged; delete it, and the trial is proposed again") from None
