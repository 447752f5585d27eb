"""Write Optuna storages: an SQLite database or a journal file, with one study for each sweep."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from sqlalchemy.exc import SQLAlchemyError

from analysis.export.optuna_trials import study_contents
from analysis.export.sqlite_rows import add_rows
from analysis.export.targets import creating, is_journal
from analysis.records.sweep import SweepRecord
from fashion_wb.errors import FashionWbError
from fashion_wb.progress_line import ProgressLine

# How many trials are added between two updates of the progress line.
_CHUNK = 500


def write_optuna(sweeps: Sequence[SweepRecord], path: Path, stream: TextIO) -> list[str]:
    """Write a new Optuna storage with a study for each sweep that has a metric.

    Args:
        sweeps: at least one.
        path: a file that does not exist: a journal if its name ends so, otherwise an SQLite database.
        stream: gets the progress.

    Returns:
        What to tell the user: sweeps that are left out, and parameters that differ from their sweep file.

    Raises:
        FashionWbError: no sweep has a metric, or the file exists.
    """
    usable = [(name, sweep) for name, sweep in zip(study_names(sweeps), sweeps, strict=True) if sweep.metric]
    if not usable:
        raise FashionWbError(
            f"{path}: an Optuna study needs an objective, and no sweep here has a metric; --parquet and "
            "--csv write sweeps without one"
        )
    notes = [
        f"Left out of {path}: {sweep.name} ({sweep.sweep}) has no metric, and an Optuna study needs one"
        for sweep in sweeps
        if sweep.metric is None
    ]
    progress = ProgressLine(f"Writing {path}", stream)
    total, done = sum(len(sweep.trials) for _, sweep in usable), 0
    with creating(path) as temporary, _quiet(), _storage(temporary, is_journal(path)) as storage:
        for name, sweep in usable:
            assert sweep.metric is not None
            contents = study_contents(sweep, sweep.metric)
            notes += [f"{name}: {note}" for note in contents.notes]
            study = optuna.create_study(
                storage=storage, study_name=name, direction=StudyDirection[sweep.metric.goal.upper()]
            )
            study.set_metric_names([sweep.metric.name])
            for key, value in contents.attributes.items():
                study.set_user_attr(key, value)
            for first in range(0, len(contents.trials), _CHUNK):
                chunk = contents.trials[first : first + _CHUNK]
                if isinstance(storage, RDBStorage):
                    add_rows(storage, name, chunk)
                else:
                    study.add_trials(chunk)
                progress.update(done + min(first + _CHUNK, len(contents.trials)), total)
            done += len(contents.trials)
    return notes


def study_names(sweeps: Sequence[SweepRecord]) -> list[str]:
    """Return the name of each sweep's study: the sweep's, and its W&B id if several have that name."""
    count = Counter(sweep.name for sweep in sweeps)
    return [s.name if count[s.name] == 1 else f"{s.name} ({s.sweep})" for s in sweeps]


@contextmanager
def _storage(path: Path, journal: bool) -> Iterator[BaseStorage]:
    if journal:
        yield JournalStorage(JournalFileBackend(str(path)))
        return

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, check_same_thread=False)
        # The file gets its name only when it is whole, so nothing need be safe before that.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        return connection

    with contextlib.ExitStack() as stack:
        try:
            # Not by the address, in which a path with a question mark would be cut.
            storage = RDBStorage("sqlite:///", engine_kwargs={"creator": connect})
            stack.callback(storage.engine.dispose)
            stack.callback(storage.remove_session)
            yield storage
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
            raise _to_os_error(error) from error


def _to_os_error(error: BaseException) -> OSError:
    """Return what SQLite says: its errors come wrapped in SQLAlchemy's, and these in Optuna's."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, sqlite3.Error):
        found = getattr(found, "orig", None) or found.__cause__
    full = isinstance(found, sqlite3.Error) and found.sqlite_errorcode == sqlite3.SQLITE_FULL
    return OSError(errno.ENOSPC if full else errno.EIO, str(found or error))


@contextmanager
def _quiet() -> Iterator[None]:
    # Names of objectives are experimental in Optuna, and it logs each study that it creates.
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
