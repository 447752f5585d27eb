"""What an offline sweep's folder holds to be pushed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_wb.offline.sweep_dir import SweepDir
from fashion_wb.runlog.copying import Ending
from fashion_wb.runlog.reader import RunLog, read_run_log
from fashion_wb.trial import Trial, TrialState

_STOPPED_EXIT_CODE = 255


@dataclass(frozen=True)
class LocalRun:
    """A trial that has ended.

    Attributes:
        run_id: W&B's, the same here and on the server.
        log: its run log; None for a trial that ended before it started a run.
        config: what the run has as its config on the server, at least.
        rows: length of its history.
        ending: how it ended.
        proposed: when it was proposed, in seconds since 1970.
    """

    run_id: str
    log: Path | None
    config: Mapping[str, Any] = field(repr=False)
    rows: int
    ending: Ending
    proposed: float


def local_runs(folder: SweepDir) -> tuple[list[LocalRun], list[Trial]]:
    """The trials that have ended, as runs, and those that have not; both by number.

    Raises:
        FashionWbError: a log or a proposal is damaged.
    """
    trials = folder.read_trials()
    ended = [_local_run(folder, trial) for trial in trials if trial.state.ended]
    return ended, [trial for trial in trials if not trial.state.ended]


def _local_run(folder: SweepDir, trial: Trial) -> LocalRun:
    path = folder.find_log(trial.run_id)
    log = None if path is None else read_run_log(path)
    started = log is not None and log.run_id != ""  # a log may have been cut short before it names its run
    return LocalRun(
        run_id=trial.run_id,
        log=path if started else None,
        config=log.config if log is not None and started else trial.config,
        rows=len(trial.history),
        ending=_ending(trial, log),
        proposed=folder.config_file(trial.run_id).stat().st_mtime,
    )


def _ending(trial: Trial, log: RunLog | None) -> Ending:
    if trial.state is TrialState.FINISHED:
        return Ending(0)
    if trial.state is TrialState.STOPPED:
        return Ending(_STOPPED_EXIT_CODE)
    code = log.exit_code if log is not None else None
    return Ending(1 if code in (None, 0, _STOPPED_EXIT_CODE) else code, trial.reason)
