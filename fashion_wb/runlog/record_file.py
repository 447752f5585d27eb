"""The file format of W&B run logs (.wandb files): LevelDB's log format after a seven-byte header.

A file is 32 KiB blocks of chunks, each with a CRC-32 over its type and data. A record is one or more chunks
(https://github.com/google/leveldb/blob/main/doc/log_format.md).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from fashion_wb.errors import FashionWbError

FILE_HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK = 32 * 1024
_CHUNK_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


class RunLogError(FashionWbError):
    """A file is not a W&B run log, or is damaged."""


def check_header(data: bytes, path: Path) -> None:
    """Raise RunLogError unless `data` starts like a run log."""
    if not data.startswith(FILE_HEADER):
        raise RunLogError(f"{path}: not a W&B run log (it does not start with {FILE_HEADER!r})")


def read_records(data: bytes, position: int, path: Path, base: int) -> Iterator[tuple[int, bytes]]:
    """Yield complete records from `position` on, each with the position after it.

    Args:
        data: part of the file, from the start of a block.
        position: start of a record in `data`.
        path: the file, for error messages.
        base: offset of `data` in the file.

    Raises:
        RunLogError: a checksum does not match.
    """
    parts: list[bytes] = []
    while True:
        room = BLOCK - position % BLOCK
        if room < _CHUNK_HEADER.size:
            position += room  # a chunk header never crosses blocks: the rest is padding
            continue
        start = position + _CHUNK_HEADER.size
        if start > len(data):
            return
        checksum, length, kind = _CHUNK_HEADER.unpack_from(data, position)
        if kind == 0 and length == 0 and not any(data[position:]):
            return  # space that the file system has allocated but not filled yet
        if start + length > len(data):
            return
        chunk = data[start : start + length]
        if _checksum(kind, chunk) != checksum or not _FULL <= kind <= _LAST:
            if not any(data[start + length - 1 :]):
                return  # the same in the middle of a chunk
            raise RunLogError(
                f"{path}: damaged at byte {base + position}: the checksum does not match; "
                "restore the file from a copy, or move the run's folder elsewhere to leave the run out"
            )
        position = start + length
        parts = [chunk] if kind in (_FULL, _FIRST) else [*parts, chunk]
        if kind in (_FULL, _LAST):
            yield position, b"".join(parts)
            parts = []


def write_records(records: Iterable[bytes], path: Path) -> None:
    """Write the records to a new file."""
    with path.open("wb") as file:
        position = file.write(FILE_HEADER)
        for record in records:
            for piece in _chunks(record, position):
                position += file.write(piece)


def _chunks(record: bytes, position: int) -> Iterator[bytes]:
    """Yield the bytes of a record that starts at `position` in its file, padding included."""
    first, rest = True, record
    while first or rest:
        room = BLOCK - position % BLOCK
        if room < _CHUNK_HEADER.size:
            yield bytes(room)
            position, room = position + room, BLOCK
        chunk, rest = rest[: room - _CHUNK_HEADER.size], rest[room - _CHUNK_HEADER.size :]
        kind = (_FIRST if rest else _FULL) if first else (_MIDDLE if rest else _LAST)
        yield _CHUNK_HEADER.pack(_checksum(kind, chunk), len(chunk), kind) + chunk
        position += _CHUNK_HEADER.size + len(chunk)
        first = False


def _checksum(kind: int, chunk: bytes) -> int:
    return zlib.crc32(chunk, zlib.crc32(bytes([kind])))
