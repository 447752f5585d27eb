"""The runs of an offline sweep's folder that can be pushed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_wb.runlog.copying import ExitStatus
from fashion_wb.runlog.reader import RunLog, read_run_log
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial, TrialState

_STOPPED_EXIT_CODE = 255


@dataclass(frozen=True)
class LocalRun:
    """A trial that has an outcome.

    Attributes:
        run_id: W&B's run id, the same here and on the server.
        log: its run log; None for a trial that failed before it started a run.
        config: the config that the run must have on the server; it may have more keys there.
        rows: number of rows in its history.
        exit_status: how it ended.
        proposed: when it was proposed, in seconds since 1970.
    """

    run_id: str
    log: Path | None
    config: Mapping[str, Any] = field(repr=False)
    rows: int
    exit_status: ExitStatus
    proposed: float


def local_runs(folder: SweepDir) -> tuple[list[LocalRun], list[Trial]]:
    """Return the trials with an outcome, as runs, and the trials without one, both in the order of numbers.

    Raises:
        FashionWbError: a log or a proposal is damaged.
    """
    trials = folder.read_trials()
    ended = [_local_run(folder, trial) for trial in trials if trial.state.ended]
    return ended, [trial for trial in trials if not trial.state.ended]


def _local_run(folder: SweepDir, trial: Trial) -> LocalRun:
    path = folder.find_log(trial.run_id)
    log = None if path is None else read_run_log(path)
    started = log is not None and log.run_id != ""  # the log may break off before it names its run
    return LocalRun(
        run_id=trial.run_id,
        log=path if started else None,
        config=log.config if log is not None and started else trial.config,
        rows=len(trial.history),
        exit_status=_exit_status(trial, log),
        proposed=folder.config_file(trial.run_id).stat().st_mtime,
    )


def _exit_status(trial: Trial, log: RunLog | None) -> ExitStatus:
    if trial.state is TrialState.FINISHED:
        return ExitStatus(0)
    if trial.state is TrialState.STOPPED:
        return ExitStatus(_STOPPED_EXIT_CODE)
    code = log.exit_code if log is not None else None
    return ExitStatus(1 if code in (None, 0, _STOPPED_EXIT_CODE) else code, trial.reason)
