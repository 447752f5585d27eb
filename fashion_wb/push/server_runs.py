"""What the server has of the runs being pushed: the only record of what has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fashion_wb.push.local_runs import LocalRun
from fashion_wb.server.connection import Server
from fashion_wb.server.pages import iter_runs
from fashion_wb.server.path import WandbPath
from fashion_wb.server.pulled_run import ENDED_STATES

_FIELDS = "name state sweepName historyLineCount exitcode config"
_NAMES_PER_REQUEST = 100


@dataclass(frozen=True)
class ServerRun:
    """A run on the server; the defaults describe a run that the server does not have.

    Attributes:
        exists: whether the server has the run.
        sweep: the id of its sweep; None if it belongs to none.
        state: W&B's state of the run, such as running or finished.
        rows: number of rows in its history.
        exit_code: None until it has ended, and if the server does not report it.
        config: the keys of its config.
    """

    exists: bool = False
    sweep: str | None = None
    state: str = ""
    rows: int = 0
    exit_code: int | None = None
    config: frozenset[str] = frozenset()

    def has_arrived(self, run: LocalRun) -> bool:
        """Whether all of `run` is on the server: how it ended, its rows and its config.

        The summary need not be checked: the client sends it before the exit code, in the same stream.
        """
        code = run.exit_status.exit_code
        finished = self.state == "finished"
        ended = finished if code == 0 else self.state in ENDED_STATES and not finished
        return (
            ended
            and self.rows == run.rows
            and self.exit_code in (None, code)
            and self.config >= run.config.keys()
        )

    def conflict(self, run: LocalRun, sweep_id: str) -> str:
        """Return why `run` cannot be added to what the server has; empty if it can."""
        if not self.exists:
            return ""
        if self.sweep != sweep_id:
            there = "in no sweep" if self.sweep is None else f"in sweep {self.sweep}"
            return f"a run with this id already exists, {there}: give another --project"
        if self.rows > run.rows:
            return (
                f"it has {self.rows} rows on the server and {run.rows} here: something else has logged to it"
            )
        return ""


def server_runs(server: Server, project: WandbPath, runs: Sequence[LocalRun]) -> dict[str, ServerRun]:
    """Ask what the server has of `runs`, with one request per 100 runs; return it by run id.

    Raises:
        ServerError: as `Server.query`.
    """
    found = {run.run_id: ServerRun() for run in runs}
    names = list(found)
    for start in range(0, len(names), _NAMES_PER_REQUEST):
        filters = {"name": {"$in": names[start : start + _NAMES_PER_REQUEST]}}
        for node in iter_runs(server, project, _FIELDS, filters, _NAMES_PER_REQUEST):
            found[node["name"]] = _server_run(node)
    return found


def _server_run(node: dict[str, Any]) -> ServerRun:
    return ServerRun(
        exists=True,
        sweep=node["sweepName"],
        state=node["state"],
        rows=node["historyLineCount"],
        exit_code=node["exitcode"],
        config=frozenset(node["config"]),
    )
