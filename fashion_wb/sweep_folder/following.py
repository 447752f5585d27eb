"""Follow a sweep's folder while others write it: read only what is new, and write nothing."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.runlog.reader import RunLog, RunLogError
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial, TrialState

# A folder's time of change has steps of some milliseconds, on network file systems of seconds.
_SETTLED_NS = 3_000_000_000
# A trial that was told to stop may log for a while. W&B's agent kills it after 30 s.
_CLOSING_SECONDS = 60.0
# What every row is read for; the rest is read again when a single trial is looked at.
_ALWAYS = ("epoch", "_step", "_runtime", "_timestamp")


@dataclass(frozen=True)
class SeenTrial:
    """A trial as far as it has been read.

    Attributes:
        trial: its configuration, state, and the rows that it logged; a row has the followed keys only.
        started: when its run started, in seconds since 1970; None if that is unknown, or it has not started.
        updated: when it last logged; None if it has not.
        log: its run's log; None if there is none, as for a run on W&B's server.
    """

    trial: Trial
    started: float | None = None
    updated: float | None = None
    log: Path | None = None

    @property
    def seconds(self) -> float:
        """Seconds from its start to its last row; 0 if they are unknown."""
        if self.started is None or self.updated is None:
            return self.trial.seconds
        return max(0.0, self.updated - self.started)


@dataclass
class _Reading:
    """What is kept of a trial that has not ended, to read on from there."""

    config: dict[str, Any]
    log: RunLog | None = None
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    told_at: float | None = None


class FollowedSweep:
    """The trials of one folder, kept up to date by `refresh`.

    Attributes:
        folder: the sweep's folder.
        trials: what is known of each trial, by run id; those read last come last.
        troubles: by run id, what is wrong with a trial whose files are damaged.
    """

    def __init__(self, folder: SweepDir, keep: Collection[str] = ()) -> None:
        """Args: `keep` names logged values to read, besides the metric, the epoch and W&B's own."""
        self.folder = folder
        self.trials: dict[str, SeenTrial] = {}
        self.troubles: dict[str, str] = {}
        metric = folder.sweep.metric
        self._keys = frozenset((*_ALWAYS, *keep, *([] if metric is None else [metric.name])))
        self._unread: list[str] = []
        self._known: set[str] = set()
        self._open: dict[str, _Reading] = {}
        self._logs: dict[str, Path] = {}
        self._scanned: dict[Path, int] = {}
        run_id = rf"{re.escape(folder.sweep_id)}-\d+"
        self._run_folder = re.compile(rf"(?:offline-)?run-\d+_\d+-({run_id})(?:-\d+)?")

    @property
    def unread(self) -> int:
        """How many trials have not been read yet."""
        return len(self._unread)

    def refresh(self, until: float = math.inf) -> set[str]:
        """Read what is new; return the run ids of the trials that have changed.

        The trials with the highest numbers are read first: they are the ones that run.

        Args:
            until: time.monotonic() at which to stop reading new trials; at least one is read.
        """
        self._find_trials()
        self._find_logs()
        changed = {run_id for run_id in list(self._open) if self._read_on(run_id)}
        while self._unread:
            run_id = self._unread.pop()
            changed.add(run_id)
            try:
                self._open[run_id] = _Reading(self.folder.read_config(run_id))
            except FashionWbError as error:
                self.troubles[run_id] = str(error)
            else:
                self._read_on(run_id)
            if time.monotonic() >= until:
                break
        return changed

    def _find_trials(self) -> None:
        if not self._has_changed(self.folder.proposals):
            return
        names = (entry.name for entry in os.scandir(self.folder.proposals))
        found = {name[7:-5] for name in names if name.startswith("config-") and name.endswith(".yaml")}
        new = found - self._known
        self._known |= new
        self._unread = sorted([*self._unread, *new], key=lambda run_id: int(run_id.rpartition("-")[2]))

    def _find_logs(self) -> None:
        runs = self.folder.root / "wandb"
        if not self._has_changed(runs):
            return
        for name in sorted(entry.name for entry in os.scandir(runs)):
            if found := self._run_folder.fullmatch(name):
                self._logs[found[1]] = runs / name / f"run-{found[1]}.wandb"

    def _has_changed(self, folder: Path) -> bool:
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            return False
        settled = time.time_ns() - changed > _SETTLED_NS
        if settled and self._scanned.get(folder) == changed:
            return False
        self._scanned[folder] = changed if settled else -1
        return True

    def _read_on(self, run_id: str) -> bool:
        """Read what is new of a trial; tell whether anything was."""
        reading, before = self._open[run_id], self.trials.get(run_id)
        failure = self._read_log(run_id, reading)
        try:
            trial = self.folder.trial(run_id, reading.config, reading.log)
        except FashionWbError as error:
            self.troubles[run_id] = str(error)
            return False
        trial = replace(trial, history=tuple(reading.rows))
        if failure and not trial.state.ended:
            trial = replace(trial, state=TrialState.FAILED, reason=failure)
        if self._is_over(trial, reading):
            del self._open[run_id]
        started = None if reading.log is None else reading.log.started
        updated = trial.history[-1].get("_timestamp") if trial.history else None
        seen = SeenTrial(trial, started, updated, self._logs.get(run_id))
        if before is not None and _same(seen, before):
            return False
        self.trials[run_id] = seen
        return True

    def _read_log(self, run_id: str, reading: _Reading) -> str:
        """Read on in a trial's log; return what is wrong with it, or ""."""
        path = self._logs.get(run_id)
        if reading.log is not None and (reading.log.path != path or _is_shorter(reading.log)):
            # It was set aside, because the trial runs again.
            reading.log, reading.rows = None, []
        if path is None:
            return ""
        log = reading.log or RunLog(path)
        try:
            if not _has_grown(log):
                return ""
            log.read_new()
        except RunLogError as error:
            # Not there yet, or set aside at this moment.
            return str(error) if path.exists() else ""
        reading.log = log
        new = log.history[len(reading.rows) :]
        # The names are these, not the row's own: a million rows would hold a million copies of each.
        reading.rows += [{key: row[key] for key in self._keys if key in row} for row in new]
        return ""

    def _is_over(self, trial: Trial, reading: _Reading) -> bool:
        """Tell whether nothing more will come of a trial."""
        if not trial.state.ended:
            return False
        if reading.log is None or reading.log.exit_code is not None:
            return True
        now = time.monotonic()
        reading.told_at = reading.told_at or now
        return now - reading.told_at > _CLOSING_SECONDS


def _same(one: SeenTrial, other: SeenTrial) -> bool:
    """Tell whether a trial looks the same; rows are only added, so their number tells."""
    a, b = one.trial, other.trial
    lengths = len(a.history) == len(b.history)
    return lengths and a.state is b.state and one.started == other.started and one.log == other.log


def _has_grown(log: RunLog) -> bool:
    return _size(log) > log.size_read


def _is_shorter(log: RunLog) -> bool:
    return 0 <= _size(log) < log.size_read


def _size(log: RunLog) -> int:
    try:
        return log.path.stat().st_size
    except OSError:
        return -1
