"""Upload one sweep's runs: send them, ask the server what has arrived, send the missing ones again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from fashion_wb.progress_line import ProgressLine
from fashion_wb.push.local_runs import LocalRun
from fashion_wb.push.server_runs import ServerRun, server_runs
from fashion_wb.push.staging import staged
from fashion_wb.push.sync import messages_about, sync
from fashion_wb.runlog.copying import Destination
from fashion_wb.server.connection import Server
from fashion_wb.server.path import WandbPath

# Starting `wandb sync` takes a second; an interruption loses what it has not sent yet.
_RUNS_PER_SYNC = 50
_PAUSES = (0.0, 1.0, 5.0)  # seconds before each attempt


class Upload:
    """Uploads runs into a sweep on the server.

    Args:
        server: the server.
        project: the project that has the runs.
        name: the sweep's name in what is printed.
        destination: the sweep on the server.
        staging: an empty folder for copies of the logs.
        stream: where to print progress.

    Attributes:
        already_there: number of runs that had arrived before the first attempt.
    """

    def __init__(
        self,
        server: Server,
        project: WandbPath,
        name: str,
        destination: Destination,
        staging: Path,
        stream: TextIO,
    ) -> None:
        self.already_there = 0
        self._server = server
        self._project = project
        self._destination = destination
        self._staging = staging
        self._name = name
        self._stream = stream

    def upload(self, runs: Sequence[LocalRun]) -> dict[str, str]:
        """Upload what has not arrived; return the reason, by run id, for each run that is still missing.

        Rows that the server already has are not sent again: the client would append them a second time.

        Raises:
            ServerError: as `Server.query`, or the upload takes too long.
        """
        problems, missing, found = self._compare(runs)
        self.already_there = len(runs) - len(problems) - len(missing)
        output = ""
        for pause in _PAUSES:
            if not missing:
                break
            time.sleep(pause)
            output = self._send(missing, found)
            conflicts, missing, found = self._compare(missing)
            problems |= conflicts
        return problems | {run.run_id: _reason(run, found[run.run_id], output) for run in missing}

    def _compare(
        self, runs: Sequence[LocalRun]
    ) -> tuple[dict[str, str], list[LocalRun], Mapping[str, ServerRun]]:
        """Return why runs cannot be sent, the runs that have not arrived, and what the server has."""
        found = server_runs(self._server, self._project, runs)
        conflicts = {run.run_id: found[run.run_id].conflict(run, self._destination.sweep_id) for run in runs}
        conflicts = {run_id: why for run_id, why in conflicts.items() if why}
        missing = [
            run for run in runs if run.run_id not in conflicts and not found[run.run_id].has_arrived(run)
        ]
        return conflicts, missing, found

    def _send(self, runs: Sequence[LocalRun], found: Mapping[str, ServerRun]) -> str:
        line = ProgressLine(f"{self._name}: runs sent", self._stream)
        output = ""
        for start in range(0, len(runs), _RUNS_PER_SYNC):
            line.update(start, len(runs))
            batch = runs[start : start + _RUNS_PER_SYNC]
            with contextlib.ExitStack() as stack:
                logs = [
                    stack.enter_context(staged(run, self._staging, self._destination, found[run.run_id].rows))
                    for run in batch
                ]
                output += sync(logs, self._staging, self._server.url)
        line.finish(f"{self._name}: {len(runs)} runs sent")
        return output


def _reason(run: LocalRun, found: ServerRun, output: str) -> str:
    messages = messages_about(run.run_id, output) or "wandb sync printed nothing about it"
    if not found.exists:
        return f"it is not on the server ({messages})"
    return (
        f"on the server it is {found.state}, with {found.rows} of {run.rows} rows and exit code "
        f"{found.exit_code} instead of {run.exit_status.exit_code} ({messages})"
    )
