"""Open the folder of a sweep for a sweep file, read one that is there, or find all below a folder."""

from __future__ import annotations

import difflib
import json
import secrets
import shutil
import string
from pathlib import Path

import yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.files import make_folder, write_text
from fashion_wb.foreign_text import is_path_part
from fashion_wb.json_file import read_object
from fashion_wb.sweep_folder.older_folders import update_config
from fashion_wb.sweep_folder.recorded_config import checked_config
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.sweep import Sweep, make_sweep

SWEEP_FILE = "sweep.json"


def open_sweep_dir(root: Path, sweep: Sweep, seed: int, sweep_id: str | None = None) -> SweepDir:
    """Open the folder `root` of `sweep`; create it if it is missing or has no trials yet.

    A new folder gets `sweep_id`, by default a random one.

    Raises:
        FashionWbError: the folder has trials of another sweep, or of this one with a changed file or seed.
    """
    path = root / SWEEP_FILE
    if path.exists():
        found = read_sweep_dir(root)
        if any(found.proposals.glob("config-*.yaml")):
            _check_unchanged(found, sweep, seed)
            return found
        if not _changes(found, sweep, seed):
            return found
        # No trial has started here, for example because the sweep file had a mistake: nothing is lost.
        shutil.rmtree(found.proposals, ignore_errors=True)
    if sweep_id is None:
        alphabet = string.ascii_lowercase + string.digits
        sweep_id = "".join(secrets.choice(alphabet) for _ in range(8))
    result = SweepDir(root.resolve(), sweep, sweep_id, seed)
    make_folder(result.proposals)
    make_folder(root / "output")
    record = {"sweep_id": sweep_id, "name": sweep.name, "seed": seed, "config": sweep.config}
    write_text(json.dumps(record, indent=2) + "\n", path)
    return result


def read_sweep_dir(root: Path) -> SweepDir:
    """Read the sweep in folder `root`.

    Raises:
        FashionWbError: there is none, or its sweep.json is damaged.
    """
    path = root / SWEEP_FILE
    try:
        record = read_object(path)
        sweep = make_sweep(update_config(checked_config(record["config"])), default_name=str(record["name"]))
        if not is_path_part(record["sweep_id"]):
            raise ValueError(f"sweep_id {record['sweep_id']!r} cannot be part of a file's name")
        return SweepDir(root.resolve(), sweep, record["sweep_id"], int(record["seed"]))
    except FileNotFoundError:
        raise FashionWbError(f"{root}: no offline sweep here (no {SWEEP_FILE})") from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise FashionWbError(f"{path}: damaged ({error!r}); restore it from a copy") from None


def find_sweep_dirs(root: Path) -> list[SweepDir]:
    """Find all offline sweeps at or below `root`, in order of path.

    Raises:
        FashionWbError: the folder is missing, or there are none.
    """
    if not root.is_dir():
        raise FashionWbError(f"{root}: no such folder")
    found = [read_sweep_dir(path.parent) for path in sorted(root.rglob(SWEEP_FILE))]
    if not found:
        raise FashionWbError(
            f"{root}: no offline sweep at or below it (no {SWEEP_FILE}); run one with --dir first"
        )
    return found


def _check_unchanged(found: SweepDir, sweep: Sweep, seed: int) -> None:
    changes = _changes(found, sweep, seed)
    if changes:
        lines = "\n".join(change for change in changes if change.strip())
        raise FashionWbError(
            f"{found.root}: holds another sweep. The differences:\n{lines}\n"
            "Give another folder (--dir, or --out for a study), or the file and options it started with."
        )


def _changes(found: SweepDir, sweep: Sweep, seed: int) -> list[str]:
    changes = []
    if found.seed != seed:
        changes.append(f"  seed was {found.seed}, is now {seed}")
    before = yaml.safe_dump(found.sweep.config, sort_keys=True).splitlines()
    after = yaml.safe_dump(json.loads(json.dumps(sweep.config)), sort_keys=True).splitlines()
    changes += [
        f"  {line}" for line in difflib.unified_diff(before, after, lineterm="", n=0) if line[:2] != "@@"
    ][2:]
    return changes
