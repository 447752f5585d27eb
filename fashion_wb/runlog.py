"""Read W&B run logs (.wandb files), finished or still being written.

A log is LevelDB's record format (https://github.com/google/leveldb/blob/main/doc/log_format.md) behind a
seven-byte header: 32 KiB blocks of chunks, each with a CRC-32 over its type and data; a record is a
protocol buffer in one or more chunks.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError

_FILE_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
_BLOCK = 32 * 1024
_CHUNK_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


class RunLogError(FashionWbError):
    """A file is not a W&B run log, or is damaged."""


@dataclass
class RunLog:
    """A run as far as its log has been read.

    Attributes:
        path: the .wandb file.
        run_id, sweep_id, project: empty until the run record has been read.
        config: hyperparameters, plain values.
        history: rows logged so far, in order, each with W&B's `_step`, `_runtime` (seconds), `_timestamp`.
        summary: last value of each key.
        exit_code: None until the run has ended properly.
    """

    path: Path
    run_id: str = ""
    sweep_id: str = ""
    project: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[Mapping[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None
    _offset: int = 0

    def read_new(self) -> bool:
        """Take in what has been appended since the last call; a record still being written waits.

        Returns:
            Whether anything was read.

        Raises:
            RunLogError: the file is gone, is not a W&B run log, or a checksum does not match.
        """
        try:
            with self.path.open("rb") as file:
                # A whole block at a time: chunks are laid out from the start of the file.
                base = self._offset - self._offset % _BLOCK
                file.seek(base)
                data = file.read()
        except OSError as error:
            raise RunLogError(f"{self.path}: cannot be read: {error.strerror}") from None
        before = self._offset
        if self._offset == 0:
            if len(data) < len(_FILE_HEADER):
                return False
            if not data.startswith(_FILE_HEADER):
                raise RunLogError(f"{self.path}: not a W&B run log (it does not start with {_FILE_HEADER!r})")
            self._offset = len(_FILE_HEADER)
        parse = _parser()
        for end, payload in _records(data, self._offset - base, self.path, base):
            self._take(parse(payload))
            self._offset = base + end
        return self._offset > before

    def _take(self, record: Any) -> None:
        match record.WhichOneof("record_type"):
            case "history":
                self.history.append({_key(item): json.loads(item.value_json) for item in record.history.item})
            case "summary":
                _update(self.summary, record.summary)
            case "config":
                _update(self.config, record.config)
            case "run":
                run = record.run
                self.run_id, self.sweep_id, self.project = run.run_id, run.sweep_id, run.project
                _update(self.config, run.config)
            case "exit":
                self.exit_code = record.exit.exit_code


def read_run_log(path: Path) -> RunLog:
    """Read a whole log; one that was cut short gives what it has, with `exit_code` None.

    Raises:
        RunLogError: missing, not a W&B run log, or damaged.
    """
    log = RunLog(path)
    log.read_new()
    return log


def _parser() -> Callable[[bytes], Any]:
    # Not at the top: importing wandb takes a second, which a sweep spends while its workers start.
    from fashion_wb.wandb_private import Record

    return Record.FromString


def _records(data: bytes, position: int, path: Path, base: int) -> Iterator[tuple[int, bytes]]:
    """Whole records from `position` on, each with the position behind it."""
    parts: list[bytes] = []
    while True:
        room = _BLOCK - position % _BLOCK
        if room < _CHUNK_HEADER.size:
            position += room  # a chunk header never crosses a block: the rest is padding
            continue
        start = position + _CHUNK_HEADER.size
        if start > len(data):
            return
        checksum, length, kind = _CHUNK_HEADER.unpack_from(data, position)
        if kind == 0 and length == 0 and not any(data[position:]):
            return  # space the file system has allotted but not yet filled
        if start + length > len(data):
            return
        chunk = data[start : start + length]
        if zlib.crc32(chunk, zlib.crc32(bytes([kind]))) != checksum or not _FULL <= kind <= _LAST:
            raise RunLogError(
                f"{path}: damaged at byte {base + position}: the checksum does not match; "
                "restore the file from a copy, or move the run's folder away to leave it out"
            )
        position = start + length
        parts = [chunk] if kind in (_FULL, _FIRST) else [*parts, chunk]
        if kind in (_FULL, _LAST):
            yield position, b"".join(parts)
            parts = []


def _key(item: Any) -> str:
    return ".".join(item.nested_key) if item.nested_key else item.key


def _update(target: dict[str, Any], record: Any) -> None:
    for item in record.update:
        place, keys = target, list(item.nested_key) or [item.key]
        for key in keys[:-1]:
            inner = place.get(key)
            place[key] = place = inner if isinstance(inner, dict) else {}
        place[keys[-1]] = json.loads(item.value_json)
    for item in record.remove:
        target.pop(_key(item), None)
