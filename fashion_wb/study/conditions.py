"""The conditions of a measurement: machine, versions, settings. Numbers mean little without them."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text

FILE = "conditions.json"
_PACKAGES = ("torch", "wandb", "sweeps", "optuna", "hyperopt")


def write_conditions(folder: Path, **settings: Any) -> None:
    """Record the machine, the versions and `settings` in `folder`; an existing record stays as it is."""
    path = folder / FILE
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_processor()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        **settings,
        "training_images": training_images(),
    }
    write_text(json.dumps(record, indent=2) + "\n", path)


def read_conditions(folder: Path) -> dict[str, Any] | None:
    """Read what `write_conditions` recorded in `folder`; None if there is no record.

    Raises:
        FashionWbError: the file cannot be read or is not a JSON object.
    """
    path = folder / FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise FashionWbError(f"{path}: cannot be read ({error}): delete it, or restore it") from None
    if not isinstance(record, dict):
        got = type(record).__name__
        raise FashionWbError(f"{path}: must hold a JSON object, got a {got}: delete it, or restore it")
    return record


def training_images() -> str:
    """Return how many images trials train on, set by FASHION_WB_LIMIT."""
    return os.environ.get("FASHION_WB_LIMIT", "50000")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
