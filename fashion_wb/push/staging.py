"""Where copies of run logs stand while they are uploaded; the runs' own folders stay untouched."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from fashion_wb.push.local_runs import LocalRun
from fashion_wb.runlog.copying import Destination, copy_run_log, write_run_log

_FOLDER = ".push"
# wandb-core looks ten times a second whether the process that started it still lives.
ORPHAN_SECONDS = 1.0
# What wandb-core writes into the files of a run while it uploads them.
_WRITTEN_BY_CORE = ("config.yaml", "wandb-metadata.json", "wandb-summary.json")


@contextlib.contextmanager
def staging(root: Path) -> Iterator[Path]:
    """An empty folder in the sweep's folder `root`, which has to be held meanwhile; removed in the end."""
    folder = root / _FOLDER
    if folder.exists():
        # Left by a push that was killed, whose uploads may go on for a moment: how many rows the server has
        # can be told only once they have ended.
        time.sleep(ORPHAN_SECONDS)
        shutil.rmtree(folder)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def staged(run: LocalRun, folder: Path, destination: Destination, skip_rows: int) -> Iterator[Path]:
    """The copy of a run's log that is to be uploaded, with its files beside it; removed in the end."""
    place = folder / f"offline-run-{run.run_id}"  # `wandb sync` leaves out what is not named so
    place.mkdir()
    try:
        log = place / f"run-{run.run_id}.wandb"
        if run.log is None:
            write_run_log(log, run.run_id, run.config, run.proposed, destination, run.ending)
        else:
            copy_run_log(run.log, log, destination, run.ending, skip_rows)
            _link_files(run.log.parent / "files", place / "files")
        yield log
    finally:
        shutil.rmtree(place)


def _link_files(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    shutil.copytree(source, target, copy_function=lambda file, link: Path(link).symlink_to(file))
    for name in _WRITTEN_BY_CORE:
        (target / name).unlink(missing_ok=True)
