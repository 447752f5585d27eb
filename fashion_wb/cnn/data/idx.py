"""The four files of Fashion-MNIST and their SHA-256; find, verify and install copies of them."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing

BLOCK = 1 << 20


class CacheError(FashionWbError):
    """The cache cannot be written; another source would not help."""


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
class Source:
    """A folder that may hold the files.

    Attributes:
        label: its name in messages.
        folder: the folder.
        remedy: what to do if a file in it is bad, as a sentence without a full stop.
    """

    label: str
    folder: Path
    remedy: str


@dataclass(frozen=True)
class Copy:
    """A file on disk that should be `file`; gzipped if its name ends in .gz."""

    file: IdxFile
    path: Path
    remedy: str


def find_copies(source: Source) -> tuple[Copy, ...]:
    """Find the source's copies of the four files, in the order of FILES, without reading them.

    Each may be unpacked or NAME.gz, in the folder itself or in FashionMNIST/raw, torchvision's layout. An
    unpacked copy is preferred.

    Raises:
        FashionWbError: files are missing (the message names all), or the folder is not readable.
    """
    try:
        if not source.folder.is_dir():
            raise FashionWbError(f"{source.folder} is not a directory")
        found = [(file, _find_one(file, source.folder)) for file in FILES]
    except OSError as error:
        raise FashionWbError(f"cannot read the folder {source.folder}: {error.strerror}") from error
    missing = [file.name for file, path in found if path is None]
    if missing:
        names = ", ".join(missing)
        raise FashionWbError(f"{source.folder} lacks {names} (unpacked, .gz, or in FashionMNIST/raw)")
    return tuple(Copy(file, path, source.remedy) for file, path in found if path is not None)


def _find_one(file: IdxFile, folder: Path) -> Path | None:
    folders = (folder, folder / "FashionMNIST" / "raw")
    paths = [base / name for base in folders for name in (file.name, f"{file.name}.gz")]
    return next((path for path in paths if path.is_file()), None)


def verify(copy: Copy) -> None:
    """Read the whole copy, unpacked if it is gzipped, and check its hash.

    Raises:
        FashionWbError: unreadable, truncated or wrong content; the message has file, hashes and remedy.
    """
    _copy_verified(copy, lambda block: None)


def install(copy: Copy, folder: Path) -> None:
    """Unpack the copy into `folder` under its published name, if its hash is right.

    The bytes go to a temporary file, which is renamed only after the hash matches. So no other process ever
    sees part of a file, even if several install it at once.

    Raises:
        CacheError: the folder cannot be written.
        FashionWbError: as `verify`.
    """
    write_atomically(folder / copy.file.name, lambda write: _copy_verified(copy, write))


def write_atomically(target: Path, produce: Callable[[Callable[[bytes], object]], object]) -> None:
    """Write `target` atomically.

    `produce` gets a function that writes bytes. If it raises, no file is left.

    Raises:
        CacheError: an operating system error while writing.
    """
    try:
        with replacing(target) as temporary, temporary.open("xb") as file:
            produce(file.write)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CacheError(
            f"cannot write {target}: {error.strerror or error}. Free some space or fix the permissions, or "
            "unpack the four files into a folder of your own and pass it with --data-dir"
        ) from error


def _copy_verified(copy: Copy, write: Callable[[bytes], object]) -> None:
    digest, size, problem = hashlib.sha256(), 0, ""
    try:
        for block in _blocks(copy):
            digest.update(block)
            size += len(block)
            if size > copy.file.size:  # never unpack more: a small file may hold a whole disk of zeros
                raise _ReadError("it is larger than that")
            write(block)
    except _ReadError as error:
        problem = f", then reading failed: {error}"
    got, file = digest.hexdigest(), copy.file
    if problem or got != file.sha256:
        raise FashionWbError(
            f"{copy.path} is not Fashion-MNIST's {file.name}: expected SHA-256 {file.sha256} "
            f"({file.size} bytes unpacked), got {got} ({size} bytes{problem}). {copy.remedy}"
        )


class _ReadError(Exception):
    """Reading failed; not an OSError, because that means here that writing failed."""


def _blocks(copy: Copy) -> Iterator[bytes]:
    try:
        with gzip.open(copy.path) if copy.path.suffix == ".gz" else copy.path.open("rb") as source:
            while block := source.read(BLOCK):
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise _ReadError(error) from error
