"""The conditions of a measurement: machine, versions, settings. Numbers mean little without them."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.files import make_folder, write_text
from fashion_wb.json_file import read_object
from fashion_wb.study.fashion_mnist import conditions_of_older_version

FILE = "conditions.json"
_PACKAGES = ("torch", "wandb", "sweeps", "optuna", "hyperopt")
# What all searches of a study share, and how it is called in messages.
_FIXED = {
    "budget": "a budget of",
    "steps_per_trial": "steps per trial",
    "epochs": "epochs",
    "seed": "seed",
    "seed_parameter": "seed parameter",
    "extras": "",
}


def write_conditions(folder: Path, **settings: Any) -> None:
    """Record the machine, the versions and `settings` in `folder`; an existing record stays as it is."""
    path = folder / FILE
    if path.exists():
        return
    make_folder(folder)
    record = {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_processor()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        **settings,
    }
    write_text(json.dumps(record, indent=2) + "\n", path)


def read_conditions(folder: Path) -> dict[str, Any] | None:
    """Read what `write_conditions` recorded in `folder`; None if there is no record.

    Raises:
        FashionWbError: the file cannot be read or is not a JSON object.
    """
    path = folder / FILE
    try:
        return _checked(read_object(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise FashionWbError(f"{path}: cannot be read ({error}): delete it, or restore it") from None


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    kinds = {"budget": dict, "extras": dict, "also": list, "final_metric": list}
    for name, kind in kinds.items():
        if not isinstance(record.get(name, kind()), kind):
            raise ValueError(f"{name} must be a {kind.__name__}")
    for name in ("also", "final_metric"):
        if not all(isinstance(value, str) for value in record.get(name, ())):
            raise ValueError(f"{name} must hold texts")
    return record


def common_conditions(folders: Sequence[Path]) -> dict[str, Any] | None:
    """Read the conditions of a study that lies in several folders, such as those of several machines.

    Args:
        folders: at least one.

    Returns:
        Those of the first folder; None if another one has other settings, or one has no record.

    Raises:
        FashionWbError: as `read_conditions`.
    """
    records = [record for folder in folders if (record := read_conditions(folder)) is not None]
    if len(records) < len(folders):
        return None
    names = (*_FIXED, "study", "sweep")
    first, *others = ({name: current_conditions(record).get(name) for name in names} for record in records)
    return records[0] if all(other == first for other in others) else None


def current_conditions(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `read_conditions` read in the form of this version."""
    return dict(record) if "budget" in record else conditions_of_older_version(record)


def check_conditions(folder: Path, settings: Mapping[str, Any]) -> None:
    """Check that the study in `folder`, if there is one, began with the same settings.

    Args:
        folder: the study's folder.
        settings: `StudySettings.record` of the study that is to go on there.

    Raises:
        FashionWbError: it began with others, or its record cannot be read.
    """
    recorded = read_conditions(folder)
    if recorded is None:
        return
    before = current_conditions(recorded)
    for name, label in _FIXED.items():
        was, now = before.get(name), settings.get(name)
        if was != now:
            raise FashionWbError(
                f"{folder}: holds a study with {label} {_words(was)}, not {_words(now)}".replace("  ", " ")
                + ": give another --out, or use the settings that the study started with"
            )


def _words(value: Any) -> str:
    """Format a setting: `3`, `10 trials`, `training images 500`."""
    if not isinstance(value, Mapping):
        return str(value)
    pairs = [(name, each) for name, each in value.items()]
    if all(name in ("trials", "steps", "seconds") for name, _ in pairs):
        return ", ".join(f"{each} {name}" for name, each in pairs) or "nothing"
    return ", ".join(f"{name} {each}" for name, each in pairs)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"
