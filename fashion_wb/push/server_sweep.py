"""The sweep on the server for an offline sweep: found by a mark in its description, or created once."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from fashion_wb.server.connection import Server
from fashion_wb.server.errors import NotFound, Unanswered
from fashion_wb.server.pages import iter_sweeps
from fashion_wb.server.path import WandbPath
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.yaml_numbers import is_number

_FIELDS = "id name state description config createdAt runCount"
_ATTEMPTS = 5
_PAUSE_SECONDS = 2.0
_CREATE = """
mutation UpsertSweep($config: String, $description: String, $entityName: String, $projectName: String) {
  upsertSweep(input: {
    config: $config, description: $description, entityName: $entityName, projectName: $projectName
  }) { sweep { name } }
}"""
_SET_STATE = """
mutation UpsertSweep($id: ID, $state: String, $entityName: String, $projectName: String) {
  upsertSweep(input: { id: $id, state: $state, entityName: $entityName, projectName: $projectName }) {
    sweep { name }
  }
}"""
_CREATE_PROJECT = """
mutation CreateProject($entity: String, $project: String) {
  upsertModel(input: { entityName: $entity, name: $project }) { inserted }
}"""
# As in `wandb sweep --stop`: a sweep that is over or was cancelled keeps its state.
_CAN_FINISH = ("RUNNING", "PAUSED", "PENDING")


@dataclass(frozen=True)
class ServerSweep:
    """A sweep on the server.

    Attributes:
        key: the server's internal id.
        sweep_id: the id in its address.
        state: such as RUNNING or FINISHED.
        copies: ids of empty sweeps that were made together with this one.
    """

    key: str
    sweep_id: str
    state: str
    copies: tuple[str, ...] = ()


def ensure_project(server: Server, project: WandbPath) -> None:
    """Create the project if it does not exist.

    Raises:
        ServerError: no such entity, no permission, or as `Server.query`.
    """
    document = """query PushProject($entity: String!, $project: String!) {
      project(name: $project, entityName: $entity) { name }
    }"""
    if server.query(document, entity=project.entity, project=project.project)["project"] is None:
        server.query(_CREATE_PROJECT, entity=project.entity, project=project.project)


def ensure_sweep(server: Server, project: WandbPath, folder: SweepDir) -> ServerSweep:
    """Return the sweep on the server that has the offline sweep's mark; create it if there is none.

    Every request to create a sweep makes a new one, so the request is never simply repeated. If it gets no
    answer, the server is searched again for the mark. If something on the way repeated it, there are copies;
    they are canceled, as W&B's client has no way to delete a sweep. The caller must hold the folder's lock.

    Raises:
        Unanswered: the server did not answer several times.
        ServerError: the server refuses, or as `Server.query`.
    """
    for attempt in range(_ATTEMPTS):
        found = _find(server, project, _mark(folder.sweep_id))
        if found:
            others = found[1:] if attempt > 0 else ()
            return _without_copies(server, project, found[0], others)
        try:
            _create(server, project, folder)
        except Unanswered:
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(_PAUSE_SECONDS)
    raise Unanswered(f"W&B at {server.url} does not list the sweep that it created; try again later")


def finish_sweep(server: Server, project: WandbPath, sweep: ServerSweep) -> None:
    """Set a sweep's state to FINISHED, so that no agent continues it by mistake.

    Raises:
        ServerError: as `Server.query`.
    """
    if sweep.state.upper() in _CAN_FINISH:
        _set_state(server, project, sweep.key, "FINISHED")


def _without_copies(
    server: Server, project: WandbPath, first: Mapping[str, Any], others: Sequence[Mapping[str, Any]]
) -> ServerSweep:
    """Cancel sweeps that were just made together with the first; there was none before."""
    copies = [node for node in others if not node["runCount"]]
    for node in copies:
        if node["state"].upper() in _CAN_FINISH:
            _set_state(server, project, node["id"], "CANCELED")
    return replace(_as_sweep(first), copies=tuple(node["name"] for node in copies))


def _set_state(server: Server, project: WandbPath, key: str, state: str) -> None:
    server.query(_SET_STATE, id=key, state=state, entityName=project.entity, projectName=project.project)


def _mark(sweep_id: str) -> str:
    return f"pushed by fashion-wb from offline sweep {sweep_id}"


def _find(server: Server, project: WandbPath, mark: str) -> list[dict[str, Any]]:
    """Return the sweeps with the mark, the first to be used.

    There are others only if a request was carried out twice, or if two copies of the folder were pushed at
    the same moment; then both use the first.
    """
    try:
        found = [node for node in iter_sweeps(server, project, _FIELDS) if mark in _descriptions(node)]
    except NotFound:
        return []  # the project is created together with its first sweep
    return sorted(found, key=lambda node: (node["createdAt"], node["name"]))


def _as_sweep(node: Mapping[str, Any]) -> ServerSweep:
    return ServerSweep(node["id"], node["name"], node["state"])


def _descriptions(node: Mapping[str, Any]) -> str:
    """Return the sweep's description, which can be edited in the browser, and the one in its config."""
    return f"{node['description']}\n{node['config'].get('description')}"


def _create(server: Server, project: WandbPath, folder: SweepDir) -> None:
    config = _config(folder)
    server.query_once(
        _CREATE,
        config=yaml.dump(config, Dumper=_Dumper),
        description=config["description"],
        entityName=project.entity,
        projectName=project.project,
    )


def _config(folder: SweepDir) -> dict[str, Any]:
    """Return the sweep file's content as `wandb sweep` would send it, with the name and the mark."""
    from fashion_wb.wandb_private import fill_distributions

    config = json.loads(json.dumps(folder.sweep.config))
    for spec in config["parameters"].values():
        if "distribution" not in spec and {type(spec.get("min")), type(spec.get("max"))} == {int, float}:
            # Older folders have these. `wandb sweep` refuses them; the search took the parameter as uniform.
            spec["distribution"] = "uniform"
    config = fill_distributions(config)
    mark = f"({_mark(folder.sweep_id)})"
    described = " ".join(filter(None, (config.get("description"), mark)))
    return {**config, "name": folder.sweep.name, "description": described}


class _Dumper(yaml.SafeDumper):
    """Quotes text such as "008", as `wandb sweep` does, and "1e-4": other YAML readers read numbers."""

    def represent_scalar(self, tag: str, value: str, style: str | None = None) -> yaml.ScalarNode:
        looks_like_number = (value.startswith("0") and len(value) > 1) or is_number(value)
        if tag == "tag:yaml.org,2002:str" and looks_like_number:
            style = "'"
        return super().represent_scalar(tag, value, style)
