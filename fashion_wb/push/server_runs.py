"""What the server has of the runs that are pushed: the only record of how far a push has come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fashion_wb.push.local_runs import LocalRun
from fashion_wb.server.connection import Server
from fashion_wb.server.pages import runs_of
from fashion_wb.server.path import WandbPath
from fashion_wb.server.pulled_run import ENDED

_FIELDS = "name state sweepName historyLineCount exitcode config"
_NAMES_A_REQUEST = 100


@dataclass(frozen=True)
class ServerRun:
    """A run as the server has it; the defaults are those of one it does not have.

    Attributes:
        sweep: the id of its sweep; None if it is in none.
        state: W&B's word for how far it has come.
        rows: length of its history.
        exit_code: None until it has ended, and where the server does not tell.
        config: the names in its config.
    """

    exists: bool = False
    sweep: str | None = None
    state: str = ""
    rows: int = 0
    exit_code: int | None = None
    config: frozenset[str] = frozenset()

    def has_all_of(self, run: LocalRun) -> bool:
        """Whether `run` has arrived: ended as it did, with all its rows and its config.

        The summary needs no look: the client sends it before the exit code, in the same stream.
        """
        code = run.ending.exit_code
        ended = self.state == "finished" if code == 0 else self.state in ENDED and self.state != "finished"
        return (
            ended
            and self.rows == run.rows
            and self.exit_code in (None, code)
            and self.config >= run.config.keys()
        )

    def conflict(self, run: LocalRun, sweep_id: str) -> str:
        """Why `run` cannot be added to what is there; empty if it can."""
        if not self.exists:
            return ""
        if self.sweep != sweep_id:
            there = "in no sweep" if self.sweep is None else f"in sweep {self.sweep}"
            return f"a run of this id is there already, {there}; give another --project"
        if self.rows > run.rows:
            return f"it has {self.rows} rows there and {run.rows} here: something else has logged to it"
        return ""


def server_runs(server: Server, project: WandbPath, runs: Sequence[LocalRun]) -> dict[str, ServerRun]:
    """What the server has of each of `runs`, by run id; a request per hundred.

    Raises:
        ServerError: as `Server.query`.
    """
    found = {run.run_id: ServerRun() for run in runs}
    names = list(found)
    for start in range(0, len(names), _NAMES_A_REQUEST):
        filters = {"name": {"$in": names[start : start + _NAMES_A_REQUEST]}}
        for node in runs_of(server, project, _FIELDS, filters, _NAMES_A_REQUEST):
            found[node["name"]] = _server_run(node)
    return found


def _server_run(node: dict[str, Any]) -> ServerRun:
    return ServerRun(
        exists=True,
        sweep=node["sweepName"],
        state=node["state"],
        rows=node["historyLineCount"] or 0,
        exit_code=node["exitcode"],
        config=frozenset(json.loads(node["config"] or "{}")),
    )
