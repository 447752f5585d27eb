"""Files that appear whole or not at all, and folders that one process holds at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from fashion_wb.errors import FashionWbError

_LOCK_SECONDS = 5.0


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, renamed to it when the block ends without an exception."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 with "\\n" line ends on every platform, on disk when this returns."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold `folder` against other processes; yields a descriptor that keeps it held wherever it stays open.

    Raises:
        FashionWbError: another process holds it, and did so for five seconds.
    """
    with (folder / ".lock").open("w") as file:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise FashionWbError(
                        f"{folder}: another process is running this sweep; wait for it, or end it"
                    ) from None
                time.sleep(0.1)
        yield file.fileno()
