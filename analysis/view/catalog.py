"""Find the offline sweeps below folders, and the study that each belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fashion_wb.study.conditions import FILE as CONDITIONS
from fashion_wb.sweep_folder.opening import SWEEP_FILE

# Folders deeper than this are not looked into: a home folder can be named by mistake.
MAX_DEPTH = 8


def sweep_folders(root: Path, depth: int = MAX_DEPTH) -> Iterator[Path]:
    """Yield the folders at or below `root` that hold a sweep, in order of path.

    Links to folders are not followed, and hidden folders and the folders of sweeps are not entered: a sweep
    of ten thousand trials has as many folders of its own.
    """
    try:
        entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError:
        return
    if any(entry.name == SWEEP_FILE and entry.is_file() for entry in entries):
        yield root
        return
    for entry in entries:
        if depth > 0 and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
            yield from sweep_folders(root / entry.name, depth - 1)


def study_of(folder: Path, root: Path) -> Path | None:
    """Return the folder of the study that a sweep's folder lies in, at or below `root`; None if in none."""
    for parent in folder.parents:
        if (parent / CONDITIONS).is_file():
            return parent
        if parent == root:
            break
    return None
