"""Stamps record size, times and inode of verified files, so that a trial need not hash 55 MB again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fashion_wb.cnn.data.idx import FILES, CacheError, write_atomically
from fashion_wb.errors import FashionWbError

FileStats = dict[str, list[int]]


def read_stats(paths: Iterable[Path]) -> FileStats:
    """Return size in bytes, modification and change time in ns, and inode of each path.

    The change time is included because a copying tool may restore the modification time, but no ordinary
    tool can set the change time.

    Raises:
        FashionWbError: a file is missing or not accessible.
    """
    stats: FileStats = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError as error:
            raise FashionWbError(f"{path} cannot be read: {error.strerror}") from error
        stats[str(path)] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    return stats


def verified_folder(stamp: Path) -> Path | None:
    """Return the stamp's folder if its files have not changed, or None if any has or the stamp is bad."""
    try:
        kept = json.loads(stamp.read_text(encoding="utf-8"))
        folder, seen = Path(kept["folder"]), kept["seen"]
        complete = kept["hashes"] == _hashes() and {str(folder / file.name) for file in FILES} <= set(seen)
        return folder if complete and read_stats(map(Path, seen)) == seen else None
    except (OSError, ValueError, KeyError, TypeError, FashionWbError):
        return None


def write_stamp(stamp: Path, folder: Path, stats: FileStats) -> None:
    """Record that `folder` holds four verified files; `stats` must be from before they were hashed.

    A stamp only saves time, so failing to write one (in a read-only cache) is not an error.
    """
    text = json.dumps({"folder": str(folder), "hashes": _hashes(), "seen": stats}, indent=1)
    with suppress(CacheError, OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(stamp, lambda write: write(text.encode()))


def stamp_path(cache: Path, named: Path | None) -> Path:
    """Return the path of the stamp for the folder `named`, or for the cache itself if `named` is None.

    The cache's own path is part of the name, so that a copied cache has no valid stamp.
    """
    key = f"{cache.resolve()}\n{'' if named is None else named.resolve()}"
    return cache / f"verified-{hashlib.sha256(key.encode(errors='surrogateescape')).hexdigest()[:16]}.json"


def _hashes() -> list[str]:
    return [file.sha256 for file in FILES]
