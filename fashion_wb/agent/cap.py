"""An exact `run_cap`, whatever the server gives out, over any number of agents that keep to it.

W&B's server has been seen to give out more runs than `run_cap` allows, and to leave a sweep running that has
none left (wandb's issues #8549, #4682). A run that it gave out is therefore started only if it is among the
first `run_cap` of the sweep's runs, in the order in which the server created them. A run never changes its
place in that order, for runs are only added behind it: so every agent comes to the same answer without
asking another.

What is left to trust is that order. The server writes times to the second; if it forgot the order of runs
created within one second, two agents that meet at the cap within it might both start a run, or neither.
(Deleting runs makes room, as for the server itself.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fashion_wb.agent.protocol import is_over
from fashion_wb.server import Server
from fashion_wb.wandbpath import WandbPath

_COUNT = """query AgentRunCount($entity: String, $project: String!, $filters: JSONString) {
  project(name: $project, entityName: $entity) { runCount(filters: $filters) }
}"""
_RUNS = """query AgentRuns($entity: String, $project: String!, $filters: JSONString, $first: Int,
    $after: String) {
  project(name: $project, entityName: $entity) {
    runs(filters: $filters, first: $first, after: $after, order: "+created_at") {
      edges { node { name } }
      pageInfo { endCursor hasNextPage }
    }
  }
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


def within_cap(server: Server, path: WandbPath, run_id: str, run_cap: int) -> bool:
    """Whether the run is among the first `run_cap` of its sweep.

    One small request as long as the server keeps to the cap; beyond it, one more per 500 runs.

    Raises:
        ServerError: as `Server.query`.
    """
    filters = json.dumps({"sweep": path.sweep})
    project = _project(server, _COUNT, path, filters=filters)
    if project["runCount"] <= run_cap:
        return True
    return any(name == run_id for name in _first_runs(server, path, filters, run_cap))


def has_nothing_left(server: Server, path: WandbPath, run_cap: int | None) -> bool:
    """Whether the sweep is over, or has had `run_cap` runs of which none waits to be started.

    Raises:
        ServerError: as `Server.query`.
    """
    every = {"sweep": path.sweep}
    waiting = {**every, "state": {"$in": list(_WAITING)}}
    project = _project(
        server, _STATE, path, sweep=path.sweep, all=json.dumps(every), waiting=json.dumps(waiting)
    )
    used_up = run_cap is not None and project["all"] >= run_cap and project["waiting"] == 0
    return used_up or project["sweep"] is None or is_over(project["sweep"]["state"])


def _first_runs(server: Server, path: WandbPath, filters: str, number: int) -> Iterator[str]:
    cursor: str | None = None
    while number > 0:
        size = min(number, _PER_PAGE)
        runs = _project(server, _RUNS, path, filters=filters, first=size, after=cursor)["runs"]
        yield from (edge["node"]["name"] for edge in runs["edges"])
        if not runs["pageInfo"]["hasNextPage"]:
            return
        number, cursor = number - size, runs["pageInfo"]["endCursor"]


def _project(server: Server, document: str, path: WandbPath, **variables: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = server.query(
        document, entity=path.entity, project=path.project, **variables
    )["project"]
    return found
