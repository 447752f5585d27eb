"""Watch projects on W&B's server: pull them again and again, in a thread of their own."""

from __future__ import annotations

import io
import math
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from analysis.view.watched import Watched, group_key, key_of
from fashion_wb.errors import FashionWbError
from fashion_wb.progress_line import ProgressLine
from fashion_wb.server.path import WandbPath
from fashion_wb.server.pull import PulledSweep
from fashion_wb.sweep_folder.following import SeenTrial
from fashion_wb.trial import Metric, Trial

# The server limits requests; each look costs two and one for each hundred runs that have changed.
PAUSE_SECONDS = 20.0


class RemoteSweep:
    """A sweep on W&B's server; see `watched.Watched`."""

    unread = 0

    def __init__(self, pulled: PulledSweep, path: WandbPath) -> None:
        self.place = f"{path.project_path}/{pulled.sweep_id}"
        self.key = key_of(self.place)
        self.group = group_key(str(path.project_path))
        self.sweep_id, self.name = pulled.sweep_id, pulled.name
        self.metric: Metric | None = pulled.metric
        self.parameters: Mapping[str, Any] = pulled.parameters
        self.cap: int | None = None
        self.running: bool | None = None
        self.trials: dict[str, SeenTrial] = {}
        self.troubles: dict[str, str] = {}
        self._changed: set[str] = set()

    def show(self, pulled: PulledSweep) -> None:
        """Take what the server has now."""
        for trial in pulled.trials:
            before = self.trials.get(trial.run_id)
            if before is None or before.trial != trial:
                self.trials[trial.run_id] = _seen(trial)
                self._changed.add(trial.run_id)
        running = any(not trial.state.ended for trial in pulled.trials)
        if running is not self.running:
            self.running = running
            self._changed.add("")

    def refresh(self, until: float = math.inf) -> set[str]:
        """Return what `show` has changed; see `watched.Watched`."""
        changed, self._changed = self._changed, set()
        return changed


class RemoteProjects:
    """Pulls projects in a thread while it is entered."""

    def __init__(self, paths: Sequence[WandbPath], stream: TextIO) -> None:
        """Args: `paths` may be empty; progress of the first pull goes to `stream`."""
        self._paths, self._stream = paths, stream
        self._sweeps: dict[str, RemoteSweep] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="pull")

    def __enter__(self) -> RemoteProjects:
        if self._paths:
            # A wrong name or a missing account is said at once.
            self._pull(self._stream)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()

    def sweeps(self) -> Sequence[Watched]:
        """Return the sweeps so far."""
        return list(self._sweeps.values())

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            try:
                self._pull(io.StringIO())
            except FashionWbError as error:
                # The server may be back the next time; what is known stays.
                for sweep in self._sweeps.values():
                    sweep.troubles["server"] = f"{time.strftime('%H:%M')}: {error}"
            else:
                for sweep in self._sweeps.values():
                    sweep.troubles.pop("server", None)

    def _pull(self, stream: TextIO) -> None:
        # Imported here: wandb takes a second, and most pages show folders alone.
        from fashion_wb.server.cache import cache_file, open_cache
        from fashion_wb.server.connection import connect
        from fashion_wb.server.pull import pull_sweeps

        server = connect()
        for path in self._paths:
            line = ProgressLine(f"Pulling runs of {path}", stream)
            with open_cache(cache_file(server.url, path)) as cache:
                found = pull_sweeps(server, path, cache, line)
            line.finish(f"Pulled {len(found.sweeps)} sweeps of {path}")
            for pulled in found.sweeps:
                sweep = self._sweeps.setdefault(pulled.sweep_id, RemoteSweep(pulled, path))
                sweep.show(pulled)


def _seen(trial: Trial) -> SeenTrial:
    stamps = [row["_timestamp"] for row in trial.history if isinstance(row.get("_timestamp"), (int, float))]
    runtimes = [row.get("_runtime") for row in trial.history]
    runtime = runtimes[-1] if runtimes else None
    started = stamps[-1] - runtime if stamps and isinstance(runtime, (int, float)) else None
    return SeenTrial(trial, started, stamps[-1] if stamps else None)
