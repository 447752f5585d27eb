"""Find Fashion-MNIST's files, in a folder that the user names or in the user's cache, and fill the cache."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from fashion_wb.cnn.data import download
from fashion_wb.cnn.data.idx import FILES, CacheError, Copy, Source, find_copies, install, verify
from fashion_wb.cnn.data.stamp import read_stats, stamp_path, verified_folder, write_stamp
from fashion_wb.errors import FashionWbError

ENVIRONMENT = "FASHION_WB_DATA"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
CACHE_REMEDY = "Delete this file and run `fashion-wb data` again"


def cache_dir() -> Path:
    """Return the user's cache folder for this project; it may not exist yet."""
    return Path(platformdirs.user_cache_dir("fashion-wb", appauthor=False))


def ensure(data_dir: Path | None = None) -> Path:
    """Return the folder of the four unpacked files, after reading and verifying all of them.

    If `data_dir` or else FASHION_WB_DATA (set and not empty) names a folder, it is the only source. Missing
    or bad files there are an error, never a reason to download. If it holds all four files unpacked, it is
    the result; otherwise its files are unpacked into the cache.

    If no folder is named, the cache is used. Missing files come from the first source that has good ones:
    gzipped files in the cache folder, Debian's folder, torchvision's download, Debian's package. A bad file
    in the cache is an error and is not replaced silently: something changed it after it was verified, and
    the user should know.

    Raises:
        FashionWbError: no source has the files (the message lists each with its reason), a file is bad (with
            both hashes and what to do), or the cache cannot be written.
    """
    named, cache = _named_source(data_dir), cache_dir()
    sources = () if named is None else _copies_in(named)
    stats = read_stats(copy.path for copy in sources)
    folder = _unpacked_folder(sources)
    remedy = CACHE_REMEDY if folder is None or named is None else named.remedy
    if folder is None:
        folder = cache
        _fill_cache(cache, sources)
    copies = [Copy(file, folder / file.name, remedy) for file in FILES]
    stats |= read_stats(copy.path for copy in copies)
    for copy in copies:
        verify(copy)
    write_stamp(_stamp(named), folder, stats)
    return folder


def locate(data_dir: Path | None = None) -> Path:
    """Return the folder like `ensure`, but in under a millisecond if no file changed since the last `ensure`.

    A file is unchanged if its length, modification time, change time and inode are those from when it was
    last hashed. If any file changed, everything is verified as in `ensure`.

    Raises:
        FashionWbError: as `ensure`.
    """
    return verified_folder(_stamp(_named_source(data_dir))) or ensure(data_dir)


def _stamp(named: Source | None) -> Path:
    return stamp_path(cache_dir(), None if named is None else named.folder)


def _named_source(data_dir: Path | None) -> Source | None:
    setting = os.environ.get(ENVIRONMENT, "")
    if data_dir is None and setting == "":
        return None
    label, folder = (ENVIRONMENT, setting) if data_dir is None else ("--data-dir", data_dir)
    remedy = f"Replace it with a good copy, or omit {label} to have `fashion-wb data` find one"
    return Source(label, Path(folder).expanduser().absolute(), remedy)


def _copies_in(named: Source) -> tuple[Copy, ...]:
    try:
        return find_copies(named)
    except FashionWbError as error:
        raise FashionWbError(
            f"{named.label}: {error}. Put the four files there, or omit {named.label} to have "
            "`fashion-wb data` find them"
        ) from error


def _unpacked_folder(copies: tuple[Copy, ...]) -> Path | None:
    folders = {copy.path.parent for copy in copies}
    unpacked = all(copy.path.name == copy.file.name for copy in copies)
    return folders.pop() if unpacked and len(folders) == 1 else None


def _fill_cache(cache: Path, copies: tuple[Copy, ...]) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CacheError(
            f"cannot make the cache folder {cache}: {error.strerror}. Set XDG_CACHE_HOME to a writable "
            "folder, or unpack the four files into a folder of your own and pass it with --data-dir"
        ) from error
    for copy in copies:
        if _is_cached(cache, copy):
            verify(copy)
        else:
            install(copy, cache)
    if not all((cache / file.name).is_file() for file in FILES):
        _fill_from_first_good_source(cache)


def _is_cached(cache: Path, copy: Copy) -> bool:
    return (cache / copy.file.name).is_file()


def _fill_from_first_good_source(cache: Path) -> None:
    tried: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fashion-wb-") as scratch:
        for source in _sources(cache, Path(scratch), tried):
            try:
                copies = find_copies(source)
            except FashionWbError as error:
                tried.append(f"{source.label}: {error}")
            else:
                if _install_all(copies, cache, tried):
                    return
    raise FashionWbError(
        "Fashion-MNIST is not on this machine and could not be downloaded. Tried:\n"
        + "".join(f"  - {reason}\n" for reason in tried)
        + f"Put the four files ({', '.join(file.name for file in FILES)}; unpacked or .gz) into a folder and "
        "pass it: fashion-wb data --data-dir FOLDER"
    )


def _install_all(copies: tuple[Copy, ...], cache: Path, tried: list[str]) -> bool:
    try:
        for copy in copies:
            if not _is_cached(cache, copy):
                install(copy, cache)
    except CacheError:
        raise
    except FashionWbError as error:
        _print(f"skipping a bad file: {error}")
        tried.append(str(error))
        return False
    return True


def _sources(cache: Path, scratch: Path, tried: list[str]) -> Iterator[Source]:
    yield Source("the cache", cache, CACHE_REMEDY)
    yield Source("Debian's folder", DEBIAN_FOLDER, f"Reinstall {download.PACKAGE}")
    for number, route in enumerate(download.ROUTES):
        _print(f"downloading Fashion-MNIST (31 MB): {route.label}")
        folder = scratch / str(number)
        folder.mkdir()
        try:
            yield Source(route.label, route.fetch(folder), "Try again later")
        except (FashionWbError, OSError) as error:
            tried.append(f"{route.label}: {error}")


def _print(text: str) -> None:
    print(f"fashion-wb: {text}", file=sys.stderr)
