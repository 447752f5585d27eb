"""Send what a trial writes below its home, as it grows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from fashion_wb.executors.dask_cluster.messages import Bytes

_CHUNK = 1 << 20
# Sent while the trial runs; a run's other files are sent once it has exited.
_GROWING = ("wandb/*run-*/run-*.wandb", "output/*.log")
_ALL = ("wandb/*run-*/**/*", "output/*.log")


class Shipper:
    """Knows how much of each file of one attempt has been sent."""

    def __init__(self, key: str, attempt: int, home: Path) -> None:
        """Args: `home` is the folder of this attempt, and of nothing else."""
        self._key, self._attempt, self._home = key, attempt, home
        self._sent: dict[Path, int] = {}

    def growth(self) -> Iterator[Bytes]:
        """Yield what was added to the run's log and to the trial's output since the last call."""
        return self._added(_GROWING)

    def everything(self) -> Iterator[Bytes]:
        """Yield all that has not been sent yet of every file. Links are not followed."""
        return self._added(_ALL)

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
                yield Bytes(self._key, self._attempt, name, offset, data)
                offset += len(data)
                self._sent[path] = offset
