"""Write sweeps to files that other tools read: an Optuna storage, and tables as Parquet or CSV."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import pandas as pd

from analysis.export.frames import steps_table, trials_table
from analysis.export.targets import check_new, creating
from analysis.formatting import count_of
from analysis.records.sweep import SweepRecord
from analysis.tables.csv_file import write_csv
from fashion_wb.errors import FashionWbError


@dataclass(frozen=True)
class Targets:
    """The files to write.

    Attributes:
        optuna: an Optuna storage; see `targets.optuna_target`.
        trials: tables with a row for each trial; .parquet or .csv.
        steps: a table with a row for each logged row; .parquet or .csv.
    """

    optuna: Path | None = None
    trials: tuple[Path, ...] = ()
    steps: Path | None = None

    @property
    def paths(self) -> list[Path]:
        """All files."""
        return [path for path in (self.optuna, *self.trials, self.steps) if path is not None]


def check_targets(targets: Targets) -> None:
    """Check before anything is read that the files can be written.

    Raises:
        FashionWbError: there is none, one exists, two have the same name, or Parquet needs a package that is
            not installed.
    """
    if not targets.paths:
        raise FashionWbError("nothing to write: give --optuna, --parquet, --csv or --steps, each with a FILE")
    seen: set[Path] = set()
    for path in targets.paths:
        check_new(path)
        if path.resolve() in seen:
            raise FashionWbError(f"{path}: is given twice; give each table a file of its own")
        seen.add(path.resolve())
    if any(path.suffix == ".parquet" for path in targets.paths) and find_spec("pyarrow") is None:
        raise FashionWbError(
            "Parquet files are written by pyarrow, which is not installed: pip install 'fashion-wb[export]', "
            "or write .csv"
        )


def write_export(sweeps: Sequence[SweepRecord], targets: Targets, stream: TextIO) -> tuple[str, list[str]]:
    """Write all files, or none.

    Args:
        sweeps: those to export.
        targets: the files, checked.
        stream: gets the progress.

    Returns:
        What was written, a line for each file; and what the user should know about it, a line for each.

    Raises:
        FashionWbError: there are no trials, Optuna has no use for any of the sweeps, or a file exists.
    """
    if not any(sweep.trials for sweep in sweeps):
        names = ", ".join(f"{sweep.name} ({sweep.sweep})" for sweep in sweeps)
        raise FashionWbError(f"no trials to export in {names}: run the sweep until a trial ends")
    with ExitStack() as undo:
        lines, notes = _write_all(sweeps, targets, stream, undo)
        undo.pop_all()
    return "\n".join(lines), notes


def _write_all(
    sweeps: Sequence[SweepRecord], targets: Targets, stream: TextIO, undo: ExitStack
) -> tuple[list[str], list[str]]:
    written, notes = [], []
    for path in targets.trials:
        written.append(_write_table(trials_table(sweeps), path, "trial"))
        undo.callback(path.unlink)
    if targets.steps is not None:
        written.append(_write_table(steps_table(sweeps), targets.steps, "logged row"))
        undo.callback(targets.steps.unlink)
    if targets.optuna is not None:
        # Not at the top: importing Optuna takes a second.
        from analysis.export.optuna_files import write_optuna

        notes += write_optuna(sweeps, targets.optuna, stream)
        studies = [sweep for sweep in sweeps if sweep.metric is not None]
        count = count_of(sum(len(sweep.trials) for sweep in studies), "trial")
        written.append(f"{targets.optuna}: {count} in {count_of(len(studies), 'study', 'studies')}")
    return written, notes


def _write_table(frame: pd.DataFrame, path: Path, row: str) -> str:
    with creating(path) as temporary:
        if path.suffix == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            write_csv(frame, temporary)
    return f"{path}: {count_of(len(frame), row)}, {count_of(len(frame.columns), 'column')}"
