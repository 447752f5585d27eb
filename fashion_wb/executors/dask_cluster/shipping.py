"""Send what a trial writes below its home: logs as they grow, files of a checkpoint when they are whole."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fashion_wb.executors.checkpoint_files import is_whole
from fashion_wb.executors.dask_cluster.messages import Bytes

_CHUNK = 1 << 20
# A trial that prints without end must not fill the memory of its machine: so many chunks are sent at a time.
AT_ONCE = 8
# Sent while the trial runs; a run's other files are sent once it has exited.
_GROWING = ("wandb/*run-*/run-*.wandb", "output/*.log")
_ALL = ("wandb/*run-*/**/*", "output/*.log")
_CHECKPOINTS = "resume"
# A trial's checkpoints take no more of the network than this; larger files than MOST stay where they are.
_BYTES_PER_SECOND = 8 << 20
_LEAST_SECONDS = 0.5
MOST = 1 << 30


class Shipper:
    """Knows how much of each file of one attempt has been sent."""

    def __init__(self, key: str, attempt: int, home: Path) -> None:
        """Args: `home` is the folder of this attempt, and of nothing else."""
        self._key, self._attempt, self._home = key, attempt, home
        self._sent: dict[Path, int] = {}
        self._versions: dict[Path, tuple[int, int, int]] = {}
        self._checkpoint_at = 0.0

    def growth(self) -> Iterator[Bytes]:
        """Yield what was added to the run's log and the trial's output since the last call, or part of it."""
        yield from islice(self._added(_GROWING), AT_ONCE)
        if time.monotonic() >= self._checkpoint_at:
            sent = 0
            for part in self.checkpoint():
                sent += len(part.data)
                yield part
            self._checkpoint_at = time.monotonic() + max(_LEAST_SECONDS, sent / _BYTES_PER_SECOND)

    def everything(self) -> Iterator[Bytes]:
        """Yield what has not been sent yet of every file; that is all if it is less than AT_ONCE parts.

        Links are not followed.
        """
        return islice(self._added(_ALL), AT_ONCE)

    def checkpoint(self) -> Iterator[Bytes]:
        """Yield the whole files of the checkpoint that have changed since they were sent."""
        folder = self._home / _CHECKPOINTS / self._key
        for path in sorted(folder.rglob("*")):
            if is_whole(path.relative_to(folder), path):
                yield from self._changed(path)

    def _changed(self, path: Path) -> Iterator[Bytes]:
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            # Of the open file: another one may have its name by now.
            status = os.fstat(file.fileno())
            version = status.st_ino, status.st_mtime_ns, status.st_size
            if version == self._versions.get(path) or status.st_size > MOST:
                return
            name, offset = path.relative_to(self._home).as_posix(), 0
            while (data := file.read(_CHUNK)) or offset == 0:
                yield Bytes(self._key, self._attempt, name, offset, data, status.st_size)
                offset += len(data)
                if not data:
                    break
            self._versions[path] = version

    def _added(self, patterns: tuple[str, ...]) -> Iterator[Bytes]:
        for pattern in patterns:
            for path in sorted(self._home.glob(pattern)):
                if path.is_file() and not path.is_symlink():
                    yield from self._added_to(path)

    def _added_to(self, path: Path) -> Iterator[Bytes]:
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            offset = self._sent.get(path, 0)
            file.seek(offset)
            while (data := file.read(_CHUNK)) or path not in self._sent:
                name = path.relative_to(self._home).as_posix()
                # Before: whoever has enough of it does not come back here.
                self._sent[path] = offset + len(data)
                yield Bytes(self._key, self._attempt, name, offset, data)
                offset += len(data)
