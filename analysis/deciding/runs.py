"""Replay conditions in several processes, and keep their traces: one file for each, so it can be resumed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

import numpy as np

from analysis.deciding.conditions import Condition, Repeats
from analysis.deciding.traces import CURVES, Trace, traces
from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing
from fashion_wb.progress_line import ProgressLine
from fashion_wb.replay.table import Floats
from fashion_wb.study.replayed import in_processes

RESAMPLED = 40
_CHUNK = 10


@dataclass(frozen=True)
class Replayed:
    """All replayed searches of a condition.

    Attributes:
        table: the table of each search, shape (n,); 0 is the table itself, others are resampled.
        replicate: of each search, shape (n,).
        curves: by name of CURVES, shape (n, k) for k trials; a search that ended before keeps its last
            value.
        trials: the number of trials of each search, shape (n,).
    """

    table: Floats
    replicate: Floats
    curves: dict[str, Floats]
    trials: Floats

    def after(self, name: str, trials: int) -> Floats:
        """Return the values after that many trials, shape (n,)."""
        return self.curves[name][:, min(trials, self.curves[name].shape[1]) - 1]

    def at_end(self) -> Replayed:
        """Return the searches with the values that they had at their end only."""
        return replace(self, curves={name: values[:, -1:] for name, values in self.curves.items()})


def replay_all(
    conditions: Sequence[Condition],
    repeats: Repeats,
    table: Path,
    folder: Path,
    processes: int,
    stream: TextIO,
) -> None:
    """Replay the conditions whose file is not in `folder` yet, and write it there.

    Raises:
        FashionWbError: the folder has a condition from another table.
    """
    digest = digest_of(table)
    for condition in conditions:
        path = folder / f"{condition.name}.npz"
        if path.exists():
            if made_from(path) != digest:
                raise FashionWbError(
                    f"{path}: was replayed from another table; delete it, or give another --folder"
                )
            continue
        jobs = [
            (0, range(at, min(at + _CHUNK, repeats.on_table))) for at in range(0, repeats.on_table, _CHUNK)
        ]
        jobs += [(number, range(repeats.on_resampled)) for number in range(1, RESAMPLED + 1)]
        line, found = ProgressLine(condition.name, stream), []
        for one in in_processes(partial(_job, table, condition), jobs, processes):
            found.append(one)
            line.update(len(found), len(jobs))
        line.finish(condition.name)
        _write([trace for each in found for trace in each], jobs, digest, path)


def read_file(path: Path) -> Replayed:
    """Read what `replay_all` wrote for a condition."""
    with np.load(path) as file:
        curves = {name: file[name].astype(float) for name in CURVES}
        return Replayed(file["table"], file["replicate"], curves, file["trials"])


def made_from(path: Path) -> str:
    """Return the digest of the table that answered the searches in a file; empty if it names none."""
    with np.load(path) as file:
        return str(file["made_from"]) if "made_from" in file else ""


def digest_of(table: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(table.read_bytes()).hexdigest()


def _job(table: Path, condition: Condition, job: tuple[int, range]) -> list[Trace]:
    return traces(table, condition, *job)


def _write(found: Sequence[Trace], jobs: Sequence[tuple[int, range]], digest: str, path: Path) -> None:
    trials = np.array([len(one["true"]) for one in found])
    longest = int(trials.max())
    curves = {
        name: np.stack([np.pad(one[name], (0, longest - len(one[name])), mode="edge") for one in found])
        for name in CURVES
    }
    searches = np.array([(number, replicate) for number, replicates in jobs for replicate in replicates])
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial_path, partial_path.open("wb") as file:
        np.savez_compressed(
            file,
            table=searches[:, 0],
            replicate=searches[:, 1],
            trials=trials,
            made_from=digest,
            **{name: values.astype(float if name == "lr" else np.float32) for name, values in curves.items()},
        )
