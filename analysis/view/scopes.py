"""Keep the parts of the page that are costly to make, and make them again with restraint."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from analysis.view.watch import Watch

# Watching must not slow what it watches: figures take at most a thirtieth of a core, and at most this often.
_SHARE = 30.0
_LEAST_SECONDS = 3.0


@dataclass(frozen=True)
class _Made:
    """Parts as JSON, of which version, when, and how many seconds it took."""

    content: bytes
    version: int
    at: float
    cost: float


class Scopes:
    """The parts on each sweep and group that was asked for."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._made: dict[str, _Made] = {}
        self._lock = threading.Lock()

    def get(self, key: str, sweeps: list[str]) -> bytes:
        """Return the parts as JSON: html, figures, version, and the seconds after which to ask again.

        They may be older than what is known now, for as long as making them would take too much of the
        machine.
        """
        # One at a time: two browsers need not do the same work.
        with self._lock:
            made = self._made.get(key)
            if made is None or self._is_due(made, sweeps):
                made = self._made[key] = self._make(sweeps)
            return made.content

    def _is_due(self, made: _Made, sweeps: list[str]) -> bool:
        changed = self._watch.changed_since(made.version, set(sweeps))
        return changed != {} and time.monotonic() - made.at >= _pause(made.cost)

    def _make(self, sweeps: list[str]) -> _Made:
        # Imported here: pandas, scipy and altair take seconds, and the first page does without them.
        from analysis.view.scope import make_scope

        version, started, spent = self._watch.version, time.monotonic(), time.thread_time()
        watched = [self._watch.sweeps[key] for key in sweeps]
        groups = {one.group for one in watched}
        group = self._watch.groups[groups.pop()] if len(groups) == 1 else None
        study = Path(group.name) if group is not None and group.study and len(watched) > 1 else None
        scope = make_scope(watched, self._watch.rows, study)
        # Time on the processor: beside running trials the clock runs faster than the work.
        cost = time.thread_time() - spent
        content = {
            "html": scope.html,
            "figures": scope.figures,
            "version": version,
            "complete": self._watch.ready,
            "again_after": _pause(cost),
        }
        return _Made(json.dumps(content).encode(), version, started, cost)


def _pause(cost: float) -> float:
    return max(_LEAST_SECONDS, _SHARE * cost)
