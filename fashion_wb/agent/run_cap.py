"""Enforce `run_cap` exactly, whatever the server hands out and however many of these agents share the sweep.

W&B's server has been seen to hand out more runs than `run_cap` allows, and to leave a sweep running that has
no runs left (wandb's issues #8549, #4682). The agent therefore starts a run only if it is among the first
`run_cap` runs of the sweep, in the order in which the server created them. New runs are only added at the end
of that order, so a run's position never changes and every agent reaches the same answer without talking to
the others. Once the cap may have been reached, the agent asks for a run only if one is waiting to be started,
so that the server does not hand out too many.

A run beyond the cap stays on the server, empty, and the agent prints its id. Its state cannot be set (W&B
refuses that for runs of a sweep). The agent does not delete it: a scheduler may be waiting for it, or the
order may be wrong.

This relies on the server's order. The server records times to the second. If it lost the order of runs
created within the same second, two agents that reach the cap in that second might both start a run, or
neither might. (Deleting runs makes room, as it does for the server itself.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fashion_wb.agent.protocol import Command, heartbeat, is_over
from fashion_wb.server.connection import Server
from fashion_wb.server.pages import get_project, iter_runs
from fashion_wb.server.path import WandbPath

_COUNT = """query AgentRunCount($entity: String, $project: String!, $filters: JSONString) {
  project(name: $project, entityName: $entity) { runCount(filters: $filters) }
}"""
_STATE = """query AgentSweepState($entity: String, $project: String!, $sweep: String!, $all: JSONString,
    $waiting: JSONString) {
  project(name: $project, entityName: $entity) {
    sweep(sweepName: $sweep) { state }
    all: runCount(filters: $all)
    waiting: runCount(filters: $waiting)
  }
}"""
_PER_PAGE = 500
# States of a run that the server may still hand out: enqueued, or to be resumed.
_WAITING = ("pending", "preempted", "preempting")


@dataclass(frozen=True)
class CapCheck:
    """How a run compares with the sweep's `run_cap`.

    Attributes:
        allowed: whether the run is among the first `run_cap`.
        reached: whether the sweep has that many runs.
    """

    allowed: bool
    reached: bool


def check_run_cap(server: Server, path: WandbPath, run_id: str, run_cap: int) -> CapCheck:
    """Check whether the run may be started.

    This takes one small request while the server keeps to the cap; beyond it, one more per 500 runs.

    Raises:
        ServerError: as `Server.query`.
    """
    filters = json.dumps({"sweep": path.sweep})
    project = _project(server, _COUNT, path, filters=filters)
    if project["runCount"] <= run_cap:
        return CapCheck(allowed=True, reached=project["runCount"] == run_cap)
    first = _first_runs(server, path, run_cap)
    return CapCheck(allowed=any(run["name"] == run_id for run in first), reached=True)


def heartbeat_if_runs_left(
    server: Server, path: WandbPath, run_cap: int | None, agent_id: str
) -> list[Command] | None:
    """Send an idle agent's heartbeat, or return None without sending one if the sweep has no runs left.

    Raises:
        ServerError: as `heartbeat`.
    """
    return None if has_no_runs_left(server, path, run_cap) else heartbeat(server, agent_id, [])


def has_no_runs_left(server: Server, path: WandbPath, run_cap: int | None) -> bool:
    """Whether the sweep is over, or has `run_cap` runs and none of them is waiting to be started.

    Runs beyond the cap may wait forever, so they do not count.

    Raises:
        ServerError: as `Server.query`.
    """
    every = {"sweep": path.sweep}
    waiting = {**every, "state": {"$in": list(_WAITING)}}
    project = _project(
        server, _STATE, path, sweep=path.sweep, all=json.dumps(every), waiting=json.dumps(waiting)
    )
    if project["sweep"] is None or is_over(project["sweep"]["state"]):
        return True
    if run_cap is None or project["all"] < run_cap:
        return False
    if project["waiting"] == 0:
        return True
    return all(run["state"] not in _WAITING for run in _first_runs(server, path, run_cap))


def _first_runs(server: Server, path: WandbPath, number: int) -> Iterator[Mapping[str, Any]]:
    runs = iter_runs(server, path, "name state", {"sweep": path.sweep}, min(number, _PER_PAGE))
    return islice(runs, number)


def _project(server: Server, document: str, path: WandbPath, **variables: Any) -> Mapping[str, Any]:
    answer = server.query(document, entity=path.entity, project=path.project, **variables)
    return get_project(answer, server, path)
