"""The files that an export writes: their names say their kinds, and none of them may exist."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing

SQLITE = (".db", ".sqlite3")
JOURNAL = (".log", ".journal")
_URL = "sqlite:///"


def optuna_target(text: str) -> Path:
    """Return the file of an Optuna storage: a name that tells its kind, or an address such as sqlite:///FILE.

    Raises:
        FashionWbError: it is neither.
    """
    if text.startswith(_URL) and len(text) > len(_URL):
        return Path(text.removeprefix(_URL))
    if "://" in text or not text.endswith((*SQLITE, *JOURNAL)):
        raise FashionWbError(
            f"--optuna {text}: must end in {' or '.join(SQLITE)} for an SQLite database, in "
            f"{' or '.join(JOURNAL)} for a journal, or be an address {_URL}FILE"
        )
    return Path(text)


def is_journal(path: Path) -> bool:
    """Tell whether the Optuna storage of that name is a journal file; otherwise it is an SQLite database."""
    return path.suffix in JOURNAL


def table_target(path: Path, suffixes: tuple[str, ...], option: str) -> Path:
    """Return the file of a table, `path`, if its name ends in one of `suffixes`.

    Raises:
        FashionWbError: it does not.
    """
    if path.suffix not in suffixes:
        raise FashionWbError(f"{option} {path}: must end in {' or '.join(suffixes)}")
    return path


def check_new(path: Path) -> None:
    """Check that a file can be created.

    Raises:
        FashionWbError: it exists.
    """
    if path.exists() or path.is_symlink():
        raise FashionWbError(
            f"{path}: exists already, and an export never overwrites: give another name, or delete it first"
        )


@contextmanager
def creating(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which gets that name if the block raises nothing.

    The folder is created if it is missing.

    Raises:
        FashionWbError: `path` exists, before or after.
    """
    check_new(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        yield temporary
        check_new(path)
