"""Write files so that they survive a power cut, and lock folders so that one process uses them at a time."""

from __future__ import annotations

import contextlib
import errno
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from fashion_wb.errors import FashionWbError

try:
    import fcntl
except ImportError:  # Windows, where no command that needs a lock runs
    fcntl = None  # type: ignore[assignment]

_LOCK_SECONDS = 5.0
# What flock says of a lock that another process holds, or when a signal came in between.
_HELD = (errno.EAGAIN, errno.EACCES, errno.EINTR)
# What fsync says of a folder on a file system that writes its names by itself.
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block raises nothing.

    Raises:
        OSError: it cannot be written; the error names `path`.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise  # something else than this file
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):  # it is not there, or its folder is not
            temporary.unlink()


def write_text(text: str, path: Path) -> None:
    """Write `path` atomically as UTF-8 with "\\n" line endings; return when data and name are on disk."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def sync(path: Path) -> None:
    """Return when the data of a file, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing; return when they are on disk."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync(path.parent)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Lock `folder` against other processes.

    Yields a file descriptor. The lock lasts until every process that has it open, such as a child, closes it.

    Raises:
        FashionWbError: another process still holds the lock after five seconds, or the file system has no
            locks.
    """
    # Neither emptied nor followed as a link: a folder from somebody else may have a link there, to any file.
    with open(folder / ".lock", "a", opener=_open_no_link) as file:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                _flock(file.fileno(), exclusive=True)
                break
            except OSError as error:
                if error.errno not in _HELD:
                    raise FashionWbError(
                        f"{folder}: cannot be locked ({error.strerror}): its file system has no file locks, "
                        "as an NFS without lockd or a Lustre mounted without flock. Without a lock, two "
                        "commands could run the same sweep. Give a folder on another file system, such as "
                        "this machine's own disk; the machines that run the trials need not see it"
                    ) from None
                if time.monotonic() > deadline:
                    raise FashionWbError(
                        f"{folder}: another process is running this sweep; wait for it, or stop it"
                    ) from None
                time.sleep(0.1)
        yield file.fileno()


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _flock(descriptor: int, exclusive: bool) -> None:
    if fcntl is None:
        raise OSError(errno.ENOTSUP, "this system has no flock")
    fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)


def is_locked(folder: Path) -> bool:
    """Tell whether a process holds the lock of `folder`; nothing is written, and nobody has to wait for it.

    False if that cannot be known, such as on a file system without locks.
    """
    try:
        with (folder / ".lock").open("rb") as file:
            # Shared and given back at once. A process that wants the lock meanwhile tries again.
            _flock(file.fileno(), exclusive=False)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    return False
