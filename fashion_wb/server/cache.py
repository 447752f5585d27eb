"""Runs that were pulled before: a second pull asks only for what is new or was not at its end."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from fashion_wb.server.path import WandbPath

_SCHEMA = "CREATE TABLE IF NOT EXISTS runs (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, body TEXT NOT NULL)"
_VERSION = 1


class PullCache:
    """The runs of one project, by name; each with a stamp that changes whenever the run does.

    What it holds is a copy of what the server holds: a file that is damaged, or of another version, is
    begun anew, and where none can be written everything is simply asked for.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str, stamp: str) -> dict[str, Any] | None:
        """The run as it was kept, or None if it is not here or has changed since."""
        query = "SELECT body FROM runs WHERE name = ? AND stamp = ?"
        row = self._connection.execute(query, (name, stamp)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, runs: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Keep runs, each as name, stamp and what is to be kept; all of them or none, at once."""
        rows = [(name, stamp, json.dumps(body)) for name, stamp, body in runs]
        # A disk that is full, or a cache that another process holds: pulling goes on without.
        with contextlib.suppress(sqlite3.OperationalError), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)


@contextlib.contextmanager
def open_cache(path: Path) -> Iterator[PullCache]:
    """The cache kept in the file `path`, whose folder is made; in memory if it cannot be kept there."""
    connection = _connect(path)
    try:
        yield PullCache(connection)
    finally:
        connection.close()


def cache_file(url: str, path: WandbPath) -> Path:
    """Where the runs of a project on the server at `url` are kept."""
    host = re.sub(r"[^\w.-]", "_", urlsplit(url).netloc)
    folder = Path(platformdirs.user_cache_dir("fashion-wb", appauthor=False)) / "pulled" / host
    return folder / path.entity / f"{path.project}.sqlite"


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _prepared(sqlite3.connect(path))
    except sqlite3.DatabaseError:
        with contextlib.suppress(OSError, sqlite3.DatabaseError):
            path.unlink()
            return _prepared(sqlite3.connect(path))
    except OSError:
        pass
    return _prepared(sqlite3.connect(":memory:"))


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        connection.execute("DROP TABLE IF EXISTS runs")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute(_SCHEMA)
    connection.commit()
    return connection
