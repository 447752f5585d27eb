"""An exact `run_cap`, whatever the server gives out, over any number of agents that keep to it.

W&B's server has been seen to give out more runs than `run_cap` allows, and to leave a sweep running that has
none left (wandb's issues #8549, #4682). A run that it gave out is therefore started only if it is among the
first `run_cap` of the sweep's runs, in the order in which the server created them. A run never changes its
place in that order, for runs are only added behind it: so every agent comes to the same answer without
asking another. Where the cap may have been reached, nothing more is asked for unless some run waits to be
started, so that the server is not led to give out too many.

A run that was given out beyond the cap is left on the server as it is, empty, and named to the user. Its
state cannot be set (W&B refuses that for runs of a sweep), and deleting is not for an agent to do: the run
may be a scheduler's, which waits for it, or the order may be wrong (see below).

What is left to trust is that order. The server writes times to the second; if it forgot the order of runs
created within one second, two agents that meet at the cap within it might both start a run, or neither.
(Deleting runs makes room, as for the server itself.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fashion_wb.agent.protocol import Command, heartbeat, is_over
from fashion_wb.server.connection import Server
from fashion_wb.server.pages import known_project, runs_of
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
# States of a run that the server may still give out: enqueued, or to be resumed.
_WAITING = ("pending", "preempted", "preempting")


@dataclass(frozen=True)
class Place:
    """Where a run stands in its sweep.

    Attributes:
        within: whether it is among the first `run_cap`.
        full: whether the sweep has had that many runs.
    """

    within: bool
    full: bool


def place_of(server: Server, path: WandbPath, run_id: str, run_cap: int) -> Place:
    """Where the run stands.

    One small request as long as the server keeps to the cap; beyond it, one more per 500 runs.

    Raises:
        ServerError: as `Server.query`.
    """
    filters = json.dumps({"sweep": path.sweep})
    project = _project(server, _COUNT, path, filters=filters)
    if project["runCount"] <= run_cap:
        return Place(within=True, full=project["runCount"] == run_cap)
    first = _first_runs(server, path, run_cap)
    return Place(within=any(run["name"] == run_id for run in first), full=True)


def ask_if_anything_is_left(
    server: Server, path: WandbPath, run_cap: int | None, agent_id: str
) -> list[Command] | None:
    """An idle agent's heartbeat; None, and no heartbeat, if the sweep has nothing left.

    Raises:
        ServerError: as `heartbeat`.
    """
    return None if has_nothing_left(server, path, run_cap) else heartbeat(server, agent_id, [])


def has_nothing_left(server: Server, path: WandbPath, run_cap: int | None) -> bool:
    """Whether the sweep is over, or has had `run_cap` runs of which none waits to be started.

    Runs beyond the cap may wait for ever.

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
    runs = runs_of(server, path, "name state", {"sweep": path.sweep}, min(number, _PER_PAGE))
    return islice(runs, number)


def _project(server: Server, document: str, path: WandbPath, **variables: Any) -> Mapping[str, Any]:
    answer = server.query(document, entity=path.entity, project=path.project, **variables)
    return known_project(answer, server, path)
