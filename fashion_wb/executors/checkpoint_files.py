"""Which files in a trial's folder for checkpoints are whole: programs rename a file when it is complete."""

from __future__ import annotations

from pathlib import Path


def is_whole(name: Path, path: Path) -> bool:
    """Tell whether a file belongs to a checkpoint.

    Args:
        name: its path relative to the trial's folder. Names that begin with a dot or end with .tmp are those
            of files that are being written.
        path: where it is. Links are not followed.
    """
    hidden = any(part.startswith(".") for part in name.parts)
    return not hidden and name.suffix != ".tmp" and path.is_file() and not path.is_symlink()
