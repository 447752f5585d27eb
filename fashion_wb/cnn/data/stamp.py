"""Stamps: what verified files looked like from outside, so that a trial need not hash 55 MB again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fashion_wb.cnn.data.idx import FILES, StoreError, store
from fashion_wb.errors import FashionWbError

Look = dict[str, list[int]]


def look(paths: Iterable[Path]) -> Look:
    """Per path: length in bytes, modification and change time in ns, inode.

    The change time is there because a copying tool may set the modification time back, but no ordinary
    tool can set the change time.

    Raises:
        FashionWbError: a file cannot be looked at.
    """
    seen: Look = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError as error:
            raise FashionWbError(f"{path} cannot be read: {error.strerror}") from error
        seen[str(path)] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    return seen


def trusted_folder(stamp: Path) -> Path | None:
    """The folder that the stamp vouches for, or None if anything is missing, changed or garbled."""
    try:
        kept = json.loads(stamp.read_text(encoding="utf-8"))
        folder, seen = Path(kept["folder"]), kept["seen"]
        complete = kept["hashes"] == _hashes() and {str(folder / file.name) for file in FILES} <= set(seen)
        return folder if complete and look(map(Path, seen)) == seen else None
    except (OSError, ValueError, KeyError, TypeError, FashionWbError):
        return None


def vouch(stamp: Path, folder: Path, seen: Look) -> None:
    """Record that `folder` holds four verified files; `seen` must be from before they were hashed.

    A stamp only saves time, so where it cannot be written (a read-only cache) nothing happens.
    """
    text = json.dumps({"folder": str(folder), "hashes": _hashes(), "seen": seen}, indent=1)
    with suppress(StoreError, OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        store(stamp, lambda write: write(text.encode()))


def stamp_path(cache: Path, named: Path | None) -> Path:
    """The stamp for the named directory, or for the cache itself when `named` is None.

    The cache's own path is part of the name, so that a cache copied elsewhere brings no stamp along.
    """
    key = f"{cache.resolve()}\n{'' if named is None else named.resolve()}"
    return cache / f"verified-{hashlib.sha256(key.encode(errors='surrogateescape')).hexdigest()[:16]}.json"


def _hashes() -> list[str]:
    return [file.sha256 for file in FILES]
