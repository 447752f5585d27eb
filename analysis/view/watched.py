"""A sweep that is watched, wherever it runs: in a folder, or on W&B's server."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from analysis.records.search import SearchRecord
from analysis.records.search_name import split_name
from fashion_wb.files import is_locked
from fashion_wb.study.conditions import read_conditions
from fashion_wb.study.reported import reported
from fashion_wb.sweep_folder.following import FollowedSweep, SeenTrial
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Metric

# Asking whether a sweep runs costs a system call; nobody sees it change faster.
_LOCK_SECONDS = 1.0


class Watched(Protocol):
    """A watched sweep.

    Attributes:
        key: names it in addresses; the same whenever it is watched.
        sweep_id: W&B's id.
        name: its name.
        place: its folder or path, for people.
        group: the key of the study or folder that it is compared in.
        metric: its objective; None if it names none.
        parameters: its search space, as the sweep file has it.
        cap: how many trials it may have at most, as its file says; None if it does not.
        trials: by run id.
        running: whether something runs it now; None if that cannot be known.
        unread: how many of its trials have not been read yet.
        troubles: what is wrong with it, by trial or folder.
    """

    @property
    def key(self) -> str: ...
    @property
    def sweep_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def metric(self) -> Metric | None: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def cap(self) -> int | None: ...
    @property
    def trials(self) -> Mapping[str, SeenTrial]: ...
    @property
    def running(self) -> bool | None: ...
    @property
    def unread(self) -> int: ...
    @property
    def troubles(self) -> Mapping[str, str]: ...

    def refresh(self, until: float = math.inf) -> set[str]:
        """Read what is new, until time.monotonic() is `until`; return the run ids that have changed."""
        ...


class LocalSweep:
    """An offline sweep's folder; see `Watched`."""

    def __init__(self, folder: SweepDir, place: str, group: str, keep: Collection[str] = ()) -> None:
        """Args: `keep` names logged values to read besides the metric; see `Watched` for the others."""
        self.folder = folder
        self.key = key_of(str(folder.root))
        self.sweep_id, self.name = folder.sweep_id, folder.sweep.name
        self.place, self.group = place, group
        self.metric = folder.sweep.metric
        self.parameters: Mapping[str, Any] = folder.sweep.config.get("parameters", {})
        self.cap: int | None = folder.sweep.config.get("run_cap")
        self.running: bool | None = None
        self._followed = FollowedSweep(folder, keep)
        self._asked_at = -math.inf

    @property
    def trials(self) -> Mapping[str, SeenTrial]:
        """By run id."""
        return self._followed.trials

    @property
    def unread(self) -> int:
        """How many trials have not been read yet."""
        return self._followed.unread

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is wrong with its trials, by run id."""
        return self._followed.troubles

    def refresh(self, until: float = math.inf) -> set[str]:
        """Read what is new; see `Watched`."""
        changed = self._followed.refresh(until)
        if time.monotonic() - self._asked_at > _LOCK_SECONDS:
            self._asked_at, before = time.monotonic(), self.running
            self.running = is_locked(self.folder.root)
            if before is not self.running:
                changed |= {""}
        return changed


def record_of(sweep: Watched) -> SearchRecord | None:
    """Return a watched sweep as the analysis takes it; None if it has no objective or no trial."""
    if sweep.metric is None or not sweep.trials:
        return None
    method, replicate = split_name(sweep.name)
    trials = tuple(seen.trial for seen in sweep.trials.values())
    return SearchRecord(method, sweep.sweep_id, sweep.metric, trials, replicate, sweep.parameters)


def key_of(text: str) -> str:
    """Return a short name for addresses, the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def group_key(text: str) -> str:
    """Return a group's name for addresses; a folder can be a sweep's and a group's."""
    return key_of(f"group {text}")


def local_sweep(folder: SweepDir, root: Path, study: Path | None) -> LocalSweep:
    """Return the sweep in `folder`, found below `root`, perhaps in a study.

    Raises:
        FashionWbError: the study's conditions cannot be read.
    """
    group = study or root
    wanted = reported(None if study is None else read_conditions(study))
    keep = (*wanted.also, *([] if wanted.step_seconds is None else [wanted.step_seconds]))
    return LocalSweep(folder, str(folder.root), group_key(str(group.resolve())), keep)
