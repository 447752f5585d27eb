"""The upload of one sweep's runs: send, look what has arrived, send again what has not."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from fashion_wb.offline.sweep_dir import SweepDir
from fashion_wb.progress_line import ProgressLine
from fashion_wb.push.local_runs import LocalRun
from fashion_wb.push.server_runs import ServerRun, server_runs
from fashion_wb.push.staging import staged
from fashion_wb.push.sync import said_of, sync
from fashion_wb.runlog.copying import Destination
from fashion_wb.server.connection import Server
from fashion_wb.server.path import WandbPath

# A `wandb sync` takes a second to start, and an interruption loses what is on its way.
_RUNS_A_SYNC = 50
_PAUSES = (0.0, 1.0, 5.0)  # seconds before each attempt


class Upload:
    """Brings a sweep's runs into the sweep `sweep_id` of the server.

    Attributes:
        there: how many runs had arrived before the first attempt.
    """

    def __init__(
        self, server: Server, target: WandbPath, folder: SweepDir, sweep_id: str, place: Path, stream: TextIO
    ) -> None:
        self.there = 0
        self._server = server
        self._target = target
        self._destination = Destination(target.entity, target.project, sweep_id, group_of=folder.sweep_id)
        self._place = place
        self._name = folder.sweep.name
        self._stream = stream

    def upload(self, runs: Sequence[LocalRun]) -> dict[str, str]:
        """Upload all that has not arrived; returns why, for each run that still has not.

        Rows that the server has are not sent again: the client would append them to themselves.

        Raises:
            ServerError: as `Server.query`.
        """
        problems, missing, found = self._look(runs)
        self.there = len(runs) - len(problems) - len(missing)
        output = ""
        for pause in _PAUSES:
            if not missing:
                break
            time.sleep(pause)
            output = self._send(missing, found)
            conflicts, missing, found = self._look(missing)
            problems |= conflicts
        return problems | {run.run_id: _why(run, found[run.run_id], output) for run in missing}

    def _look(
        self, runs: Sequence[LocalRun]
    ) -> tuple[dict[str, str], list[LocalRun], Mapping[str, ServerRun]]:
        """Runs that cannot be sent, with the reason; runs that have not arrived; what the server has."""
        found = server_runs(self._server, self._target, runs)
        conflicts = {run.run_id: found[run.run_id].conflict(run, self._destination.sweep_id) for run in runs}
        conflicts = {run_id: why for run_id, why in conflicts.items() if why}
        missing = [
            run for run in runs if run.run_id not in conflicts and not found[run.run_id].has_all_of(run)
        ]
        return conflicts, missing, found

    def _send(self, runs: Sequence[LocalRun], found: Mapping[str, ServerRun]) -> str:
        line = ProgressLine(f"{self._name}: runs sent", self._stream)
        output = ""
        for start in range(0, len(runs), _RUNS_A_SYNC):
            line.update(start, len(runs))
            batch = runs[start : start + _RUNS_A_SYNC]
            with contextlib.ExitStack() as stack:
                logs = [
                    stack.enter_context(staged(run, self._place, self._destination, found[run.run_id].rows))
                    for run in batch
                ]
                output += sync(logs, self._place, self._server.url)
        line.end(f"{self._name}: {len(runs)} runs sent")
        return output


def _why(run: LocalRun, there: ServerRun, output: str) -> str:
    said = said_of(run.run_id, output) or "wandb sync said nothing of it"
    if not there.exists:
        return f"it is not there ({said})"
    return (
        f"it is {there.state} there with {there.rows} of {run.rows} rows and exit code {there.exit_code}, "
        f"not {run.ending.exit_code} ({said})"
    )
