"""Keep watched sweeps up to date in a thread, and tell listeners what has changed."""

from __future__ import annotations

import contextlib
import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis.view.catalog import study_of, sweep_folders
from analysis.view.overview import RUNNING, Group, group_summary, last_ended, running_trial, summary
from analysis.view.rows import parameters_of, trial_row
from analysis.view.watched import Watched, key_of, local_sweep
from fashion_wb.errors import FashionWbError
from fashion_wb.sweep_folder.opening import read_sweep_dir

# A logged epoch shows within a second: this pause, reading, and sending.
_PAUSE = 0.3
# Where nobody looks, a glance now and then keeps the first page fast.
_IDLE_PAUSE = 2.0
_LOOK_FOR_SWEEPS = 3.0
# How long trials are read before listeners hear of them.
_SLICE = 0.25
_REMEMBERED = 5_000


class Watch:
    """Everything that is watched.

    Attributes:
        sweeps: by key.
        groups: the studies and folders that they belong to, by key.
        rows: by key of a sweep, its trials by run id; see `rows.trial_row`.
        version: grows with every change.
        ready: whether every trial that is there has been read.
        troubles: what is wrong with folders, by folder.
    """

    def __init__(self, roots: Sequence[Path], others: Sequence[Callable[[], Sequence[Watched]]] = ()) -> None:
        """Args: `roots` are folders to look for sweeps in; `others` give sweeps from elsewhere."""
        self.sweeps: dict[str, Watched] = {}
        self.groups: dict[str, Group] = {}
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        self.version = 0
        self.ready = False
        self.troubles: dict[str, str] = {}
        self._roots, self._others = [root.resolve() for root in roots], others
        self._parameters: dict[str, tuple[str, ...]] = {}
        self._summaries: dict[str, dict[str, Any]] = {}
        self._changes: deque[tuple[int, str, frozenset[str]]] = deque(maxlen=_REMEMBERED)
        self._listeners: set[Callable[[], None]] = set()
        self._looked_at = -_LOOK_FOR_SWEEPS
        self._wake, self._stopping = threading.Event(), False
        self._thread = threading.Thread(target=self._run, daemon=True, name="watch")

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(5)

    @contextlib.contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` from the watch's thread after every change."""
        self._listeners.add(listener)
        self._wake.set()
        try:
            yield
        finally:
            self._listeners.discard(listener)

    def changed_since(self, version: int, sweeps: set[str]) -> dict[str, set[str]] | None:
        """Return the run ids that have changed since `version`, by key of those of `sweeps` that have.

        None if that is too long ago to be known: then everything may have changed.
        """
        changes = tuple(self._changes)
        if changes and changes[0][0] > version + 1 and len(changes) == _REMEMBERED:
            return None
        found: dict[str, set[str]] = {}
        for at, key, runs in changes:
            if at > version and key in sweeps:
                found.setdefault(key, set()).update(runs - {""})
        return found

    def parameters(self, key: str) -> tuple[str, ...]:
        """Name the parameters that a sweep varies."""
        if key not in self._parameters:
            self._parameters[key] = parameters_of(self.sweeps[key])
        return self._parameters[key]

    def refresh(self) -> bool:
        """Look for new sweeps and read what is new; tell whether anything is."""
        before = self.version
        if time.monotonic() - self._looked_at > _LOOK_FOR_SWEEPS:
            self._look_for_sweeps()
            self._looked_at = time.monotonic()
        until = time.monotonic() + _SLICE
        for key, sweep in list(self.sweeps.items()):
            if changed := sweep.refresh(until):
                self._note(key, sweep, changed)
        self.ready = not any(sweep.unread for sweep in self.sweeps.values())
        return self.version > before

    def overview(self) -> dict[str, Any]:
        """Return everything at a glance, as the browser gets it."""
        now, sweeps = time.time(), list(self._summaries.values())
        by_group: dict[str, list[dict[str, Any]]] = {}
        for one in sweeps:
            by_group.setdefault(one["group"], []).append(one)
        return {
            "version": self.version,
            "now": now,
            "ready": self.ready,
            "groups": [group_summary(self.groups[key], own) for key, own in by_group.items()],
            "sweeps": sweeps,
            "running": self._running(now),
            "ended": last_ended(
                row for one in sweeps for row in tuple(self.rows[one["key"]].values()) if row["reason"]
            ),
            "troubles": list(self.troubles.values()),
        }

    def _running(self, now: float) -> list[dict[str, Any]]:
        found = []
        for key, one in list(self._summaries.items()):
            if not one["counts"].get(RUNNING):
                continue
            rows = tuple(self.rows[key].values())
            longest = max((row["steps"] for row in rows), default=0)
            mine = [row for row in rows if row["state"] == RUNNING]
            found += [running_trial(self.sweeps[key], row, longest, now) for row in mine]
        return heapq.nlargest(64, found, key=lambda row: row["started"] or 0.0)

    def _look_for_sweeps(self) -> None:
        for root in self._roots:
            for place in sweep_folders(root):
                if key_of(str(place)) not in self.sweeps and str(place) not in self.troubles:
                    self._add_local(place, root)
        for give in self._others:
            for sweep in give():
                if sweep.key not in self.sweeps:
                    self._add(sweep, Group(sweep.group, sweep.place.rpartition("/")[0], study=False))

    def _add_local(self, place: Path, root: Path) -> None:
        try:
            study = study_of(place, root)
            sweep = local_sweep(read_sweep_dir(place), root, study)
        except FashionWbError as error:
            self.troubles[str(place)] = str(error)
        else:
            self._add(sweep, Group(sweep.group, str(study or root), study=study is not None))

    def _add(self, sweep: Watched, group: Group) -> None:
        self.groups[group.key] = group
        self.rows[sweep.key] = {}
        self.sweeps[sweep.key] = sweep
        self._note(sweep.key, sweep, {""})

    def _note(self, key: str, sweep: Watched, changed: set[str]) -> None:
        names, rows = self.parameters(key), self.rows[key]
        for run_id in changed & sweep.trials.keys():
            rows[run_id] = trial_row(sweep.trials[run_id], sweep, names)
        self._summaries[key] = summary(sweep, rows)
        self._changes.append((self.version + 1, key, frozenset(changed)))
        self.version += 1

    def _run(self) -> None:
        while not self._stopping:
            try:
                changed = self.refresh()
            except OSError as error:
                # A folder that has vanished comes back, or does not; the page says so meanwhile.
                self.troubles[error.filename or ""] = f"{error.filename}: {error.strerror}"
                changed = True
            except (FashionWbError, ValueError) as error:
                # One damaged file must not freeze the page.
                self.troubles[str(error)] = str(error)
                changed = True
            if changed:
                for listener in list(self._listeners):
                    listener()
            if self.ready:
                self._wake.wait(_PAUSE if self._listeners else _IDLE_PAUSE)
            self._wake.clear()
