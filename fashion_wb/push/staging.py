"""Temporary copies of run logs for the upload, so that the runs' own folders stay untouched."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from fashion_wb.push.local_runs import LocalRun
from fashion_wb.runlog.copying import Destination, copy_run_log, write_run_log

_FOLDER = ".push"
# wandb-core checks ten times a second whether the process that started it is still alive.
ORPHAN_SECONDS = 1.0
# wandb-core writes these into a run's files folder during the upload.
_WRITTEN_BY_CORE = ("config.yaml", "wandb-metadata.json", "wandb-summary.json")


@contextlib.contextmanager
def staging(root: Path) -> Iterator[Path]:
    """Make an empty folder in the sweep's folder `root`, locked by the caller; remove it at the end."""
    folder = root / _FOLDER
    if folder.exists():
        # A killed push left it, and its uploads may continue for a moment. The number of rows on the server
        # is only final once they have stopped.
        time.sleep(ORPHAN_SECONDS)
        shutil.rmtree(folder)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def staged(run: LocalRun, folder: Path, destination: Destination, skip_rows: int) -> Iterator[Path]:
    """Copy a run's log for the upload, with links to its files beside it; remove both at the end."""
    run_folder = folder / f"offline-run-{run.run_id}"  # `wandb sync` skips folders with other names
    run_folder.mkdir()
    try:
        log = run_folder / f"run-{run.run_id}.wandb"
        if run.log is None:
            write_run_log(log, run.run_id, run.config, run.proposed, destination, run.exit_status)
        else:
            copy_run_log(run.log, log, destination, run.exit_status, skip_rows)
            _link_files(run.log.parent / "files", run_folder / "files")
        yield log
    finally:
        shutil.rmtree(run_folder)


def _link_files(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    shutil.copytree(source, target, copy_function=lambda file, link: Path(link).symlink_to(file))
    for name in _WRITTEN_BY_CORE:
        (target / name).unlink(missing_ok=True)
