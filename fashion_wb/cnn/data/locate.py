"""Where Fashion-MNIST's files are looked for, in which order, and how they get into the user's cache."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from fashion_wb.cnn.data import download
from fashion_wb.cnn.data.idx import FILES, Copy, Place, StoreError, admit, check, find
from fashion_wb.cnn.data.stamp import look, stamp_path, trusted_folder, vouch
from fashion_wb.errors import FashionWbError

ENVIRONMENT = "FASHION_WB_DATA"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
CACHE_REMEDY = "Delete this file and run `fashion-wb data` again"


def cache_dir() -> Path:
    """The user's cache folder for this project; it need not exist yet."""
    return Path(platformdirs.user_cache_dir("fashion-wb", appauthor=False))


def ensure(data_dir: Path | None = None) -> Path:
    """The directory that holds the four unpacked files, all of them read and verified just now.

    A directory named by `data_dir`, or else by FASHION_WB_DATA if that is set and not empty, is the
    only source: if files there are missing or bad that is an error, never a reason to download. It is
    returned itself if it holds all four unpacked; otherwise its files are unpacked into the cache.

    With no directory named the cache is used and, where files are missing from it, filled from the
    first source that has good ones: gzipped files in the cache folder, Debian's folder, torchvision's
    download, Debian's package. A bad file in the cache is an error and is not mended silently:
    something altered it after it was verified, and the user should know.

    Raises:
        FashionWbError: no source has the files (each is listed with its reason), a bad file (named,
            with both hashes and the way out), or a cache that cannot be written.
    """
    named, cache = _named(data_dir), cache_dir()
    sources = () if named is None else _find_named(named)
    seen = look(copy.path for copy in sources)
    folder = _unpacked_folder(sources)
    remedy = CACHE_REMEDY if folder is None or named is None else named.remedy
    if folder is None:
        folder = cache
        _fill_cache(cache, sources)
    copies = [Copy(file, folder / file.name, remedy) for file in FILES]
    seen |= look(copy.path for copy in copies)
    for copy in copies:
        check(copy)
    vouch(_stamp(named), folder, seen)
    return folder


def locate(data_dir: Path | None = None) -> Path:
    """As `ensure`, but takes well under a millisecond when nothing has changed since the last `ensure`.

    "Nothing has changed" means that each file has the length, modification time, change time and
    inode that it had when it was last hashed; if not, everything is verified as in `ensure`.

    Raises:
        FashionWbError: as `ensure`.
    """
    return trusted_folder(_stamp(_named(data_dir))) or ensure(data_dir)


def _stamp(named: Place | None) -> Path:
    return stamp_path(cache_dir(), None if named is None else named.folder)


def _named(data_dir: Path | None) -> Place | None:
    setting = os.environ.get(ENVIRONMENT, "")
    if data_dir is None and setting == "":
        return None
    label, folder = (ENVIRONMENT, setting) if data_dir is None else ("--data-dir", data_dir)
    remedy = f"Replace it by a good copy, or leave out {label} to have `fashion-wb data` find one"
    return Place(label, Path(folder).expanduser().absolute(), remedy)


def _find_named(named: Place) -> tuple[Copy, ...]:
    try:
        return find(named)
    except FashionWbError as error:
        raise FashionWbError(
            f"{named.label}: {error}. Put the four files there, or leave out {named.label} to have "
            "`fashion-wb data` find them"
        ) from error


def _unpacked_folder(copies: tuple[Copy, ...]) -> Path | None:
    folders = {copy.path.parent for copy in copies}
    unpacked = all(copy.path.name == copy.file.name for copy in copies)
    return folders.pop() if unpacked and len(folders) == 1 else None


def _fill_cache(cache: Path, sources: tuple[Copy, ...]) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"cannot make the cache folder {cache}: {error.strerror}. Set XDG_CACHE_HOME to a folder that "
            "can be written, or unpack the four files into a folder of your own and name it with --data-dir"
        ) from error
    for copy in sources:
        if _is_cached(cache, copy):
            check(copy)
        else:
            admit(copy, cache)
    if not all((cache / file.name).is_file() for file in FILES):
        _search(cache)


def _is_cached(cache: Path, copy: Copy) -> bool:
    return (cache / copy.file.name).is_file()


def _search(cache: Path) -> None:
    tried: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fashion-wb-") as scratch:
        for place in _places(cache, Path(scratch), tried):
            try:
                copies = find(place)
            except FashionWbError as error:
                tried.append(f"{place.label}: {error}")
            else:
                if _take(copies, cache, tried):
                    return
    raise FashionWbError(
        "Fashion-MNIST is not on this machine and could not be fetched. Tried:\n"
        + "".join(f"  - {reason}\n" for reason in tried)
        + f"Put the four files ({', '.join(file.name for file in FILES)}; plain or .gz) into a folder and "
        "name it: fashion-wb data --data-dir FOLDER"
    )


def _take(copies: tuple[Copy, ...], cache: Path, tried: list[str]) -> bool:
    try:
        for copy in copies:
            if not _is_cached(cache, copy):
                admit(copy, cache)
    except StoreError:
        raise
    except FashionWbError as error:
        _say(f"passing over a bad file: {error}")
        tried.append(str(error))
        return False
    return True


def _places(cache: Path, scratch: Path, tried: list[str]) -> Iterator[Place]:
    yield Place("the cache", cache, CACHE_REMEDY)
    yield Place("Debian's folder", DEBIAN_FOLDER, f"Install {download.PACKAGE} anew")
    for number, route in enumerate(download.ROUTES):
        _say(f"fetching Fashion-MNIST (31 MB): {route.label}")
        folder = scratch / str(number)
        folder.mkdir()
        try:
            yield Place(route.label, route.fetch(folder), "Try again later")
        except (FashionWbError, OSError) as error:
            tried.append(f"{route.label}: {error}")


def _say(text: str) -> None:
    print(f"fashion-wb: {text}", file=sys.stderr)
