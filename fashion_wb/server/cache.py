"""A cache of pulled runs: a second pull requests only runs that are new, or had not ended before."""

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
_VERSION = 2


class PullCache:
    """The runs of one project, by name; each with a stamp that changes whenever the run does.

    The server has the originals. So a damaged file, or one of another version, is replaced by an empty one.
    If no file can be written, every pull requests everything.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, name: str, stamp: str) -> dict[str, Any] | None:
        """Return the cached run, or None if it is not cached or has changed since."""
        query = "SELECT body FROM runs WHERE name = ? AND stamp = ?"
        row = self._connection.execute(query, (name, stamp)).fetchone()
        if row is None:
            return None
        body: dict[str, Any] = json.loads(row[0])
        return body

    def put(self, runs: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Store runs, each as (name, stamp, body), in one transaction."""
        rows = [(name, stamp, json.dumps(body)) for name, stamp, body in runs]
        # If the disk is full or another process locks the cache, the pull continues without it.
        with contextlib.suppress(sqlite3.OperationalError), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", rows)


@contextlib.contextmanager
def open_cache(path: Path) -> Iterator[PullCache]:
    """Open the cache in the file `path`, creating its folder; in memory if the file cannot be used."""
    connection = _connect(path)
    try:
        yield PullCache(connection)
    finally:
        connection.close()


def cache_file(url: str, path: WandbPath) -> Path:
    """Return the cache file of a project on the server at `url`."""
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
