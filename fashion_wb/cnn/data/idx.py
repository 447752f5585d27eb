"""The four files of Fashion-MNIST, their SHA-256, and the only two ways a copy of one is accepted."""

from __future__ import annotations

import gzip
import hashlib
import os
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fashion_wb.errors import FashionWbError

BLOCK = 1 << 20


class StoreError(FashionWbError):
    """The cache cannot be written; trying another source would not help."""


@dataclass(frozen=True)
class IdxFile:
    """One unpacked IDX file: its published name, its SHA-256 in hex and its length in bytes."""

    name: str
    sha256: str
    size: int


FILES = (
    IdxFile(
        "train-images-idx3-ubyte",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        47_040_016,
    ),
    IdxFile(
        "train-labels-idx1-ubyte",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        60_008,
    ),
    IdxFile(
        "t10k-images-idx3-ubyte",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        7_840_016,
    ),
    IdxFile(
        "t10k-labels-idx1-ubyte",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        10_008,
    ),
)


@dataclass(frozen=True)
class Place:
    """A directory that may hold the files, its name in messages, and what to do when a file in it is bad."""

    label: str
    folder: Path
    remedy: str


@dataclass(frozen=True)
class Copy:
    """A file on disk that claims to be `file`; a name ending in .gz means that it is gzipped."""

    file: IdxFile
    path: Path
    remedy: str


def find(place: Place) -> tuple[Copy, ...]:
    """The place's copies of the four files, in the order of FILES; nothing in them is read.

    Each may lie unpacked or as NAME.gz, in the folder itself or in FashionMNIST/raw as torchvision
    has it; an unpacked copy is preferred.

    Raises:
        FashionWbError: files are missing (all are named), or the folder may not be read.
    """
    try:
        if not place.folder.is_dir():
            raise FashionWbError(f"{place.folder} is not a directory")
        found = [(file, _find_one(file, place.folder)) for file in FILES]
    except OSError as error:
        raise FashionWbError(f"cannot look into {place.folder}: {error.strerror}") from error
    missing = [file.name for file, path in found if path is None]
    if missing:
        names = ", ".join(missing)
        raise FashionWbError(f"{place.folder} lacks {names} (plain, .gz, or in FashionMNIST/raw)")
    return tuple(Copy(file, path, place.remedy) for file, path in found if path is not None)


def _find_one(file: IdxFile, folder: Path) -> Path | None:
    folders = (folder, folder / "FashionMNIST" / "raw")
    paths = [base / name for base in folders for name in (file.name, f"{file.name}.gz")]
    return next((path for path in paths if path.is_file()), None)


def check(copy: Copy) -> None:
    """Read the whole copy, unpacking it if it is gzipped, and compare its hash.

    Raises:
        FashionWbError: unreadable, truncated or not the expected bytes; names file, hashes, remedy.
    """
    _verify(copy, lambda _block: None)


def admit(copy: Copy, folder: Path) -> None:
    """Put the unpacked, verified copy into `folder` under its published name, all or nothing.

    The bytes go to a temporary name beside the final one and are renamed only when the hash is right,
    so neither a reader nor a second process that does the same ever sees part of a file.

    Raises:
        StoreError: the folder cannot be written.
        FashionWbError: as `check`.
    """
    store(folder / copy.file.name, lambda write: _verify(copy, write))


def store(target: Path, produce: Callable[[Callable[[bytes], object]], None]) -> None:
    """Write `target` atomically: `produce` is given the write function; if it raises, nothing is left.

    Raises:
        StoreError: an operating system error on the way.
    """
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as out:
            produce(out.write)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except OSError as error:
        raise StoreError(
            f"cannot write {target}: {error.strerror or error}. Make room or set the rights, or unpack the "
            "four files into a folder of your own and name it with --data-dir"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _verify(copy: Copy, write: Callable[[bytes], object]) -> None:
    digest, size, fault = hashlib.sha256(), 0, ""
    try:
        for block in _blocks(copy):
            digest.update(block)
            size += len(block)
            write(block)
    except _ReadError as error:
        fault = f", and there reading failed: {error}"
    got, file = digest.hexdigest(), copy.file
    if fault or got != file.sha256:
        raise FashionWbError(
            f"{copy.path} is not Fashion-MNIST's {file.name}: expected SHA-256 {file.sha256} "
            f"({file.size} bytes unpacked), got {got} ({size} bytes{fault}). {copy.remedy}"
        )


class _ReadError(Exception):
    """Reading failed; kept apart from OSError, which here means that writing failed."""


def _blocks(copy: Copy) -> Iterator[bytes]:
    try:
        with gzip.open(copy.path) if copy.path.suffix == ".gz" else copy.path.open("rb") as source:
            while block := source.read(BLOCK):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise _ReadError(error) from error
