"""The requests of an agent to W&B's server, with the same GraphQL documents as wandb's own agent.

They are sent from here because wandb's own function (`_agent_heartbeat`) prints a traceback and returns "no
commands" when the server is down.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fashion_wb.foreign_text import is_path_part
from fashion_wb.server.connection import Server
from fashion_wb.server.errors import NotFound, ServerError
from fashion_wb.server.pages import get_project, iter_sweeps
from fashion_wb.server.path import WandbPath
from fashion_wb.sweepfile.sweep import Sweep, make_sweep

_SWEEP = """query AgentSweep($entity: String, $project: String, $sweep: String!) {
  project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { name displayName state config } }
}"""
_CREATE_AGENT = """mutation CreateAgent($host: String!, $projectName: String, $entityName: String,
    $sweep: String!) {
  createAgent(input: {host: $host, projectName: $projectName, entityName: $entityName, sweep: $sweep}) {
    agent { id }
  }
}"""
_HEARTBEAT = """mutation Heartbeat($id: ID!, $metrics: JSONString, $runState: JSONString) {
  agentHeartbeat(input: {id: $id, metrics: $metrics, runState: $runState}) { agent { id } commands }
}"""
_OVER = ("FINISHED", "CANCELED", "CANCELLED", "CRASHED", "STOPPED")


@dataclass(frozen=True)
class SweepOnServer:
    """A sweep on the server.

    Attributes:
        path: its entity, project and id.
        sweep: its configuration.
        state: RUNNING, PAUSED, FINISHED or CANCELED; the server may have others.
    """

    path: WandbPath
    sweep: Sweep
    state: str

    @property
    def is_over(self) -> bool:
        """Whether the server will hand out no more runs of it."""
        return is_over(self.state)


@dataclass(frozen=True)
class Command:
    """A command from the server to an agent.

    Attributes:
        kind: run, resume (a run that was preempted), stop or exit.
        run_id: the run it is about; empty for exit.
        program: the script to run; None if the sweep names none.
        arguments: the configuration as {name: {"value": ...}}.
    """

    kind: str
    run_id: str
    program: str | None
    arguments: Mapping[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration as plain values."""
        return {name: entry["value"] for name, entry in self.arguments.items()}

    @property
    def resumes(self) -> bool:
        """Whether the run goes on after it was preempted."""
        return self.kind == "resume"


def is_over(state: str) -> bool:
    """Whether a sweep in `state` is over, so that the server hands out no more of its runs."""
    return state.upper() in _OVER


def find_sweep(server: Server, path: WandbPath) -> SweepOnServer:
    """Look up the sweep at `path`, which must name one.

    Raises:
        ServerError: this account has no such project or sweep (the message lists the sweeps there are), or as
            `Server.query`.
    """
    answer = server.query(_SWEEP, entity=path.entity, project=path.project, sweep=path.sweep)
    found = get_project(answer, server, path)["sweep"]
    if found is None:
        nodes = iter_sweeps(server, path, "name displayName state")
        known = [f"{n['name']} ({n['displayName'] or 'no name'}, {n['state'].lower()})" for n in nodes]
        raise NotFound(
            f"{path.project_path} has no sweep {path.sweep}; it has {', '.join(known) or 'no sweeps'}"
        )
    name = str(found["displayName"] or found["name"])
    return SweepOnServer(path, make_sweep(found["config"], default_name=name), found["state"])


def register(server: Server, path: WandbPath) -> str:
    """Register an agent of the sweep and return its id. One agent has one run at a time."""
    variables = {"host": socket.gethostname(), "projectName": path.project, "entityName": path.entity}
    answer = server.query(_CREATE_AGENT, **variables, sweep=path.sweep)
    return str(answer["createAgent"]["agent"]["id"])


def heartbeat(server: Server, agent_id: str, run_ids: Collection[str]) -> list[Command]:
    """Tell the server which runs the agent has, and return the server's commands.

    If the answer is lost, the heartbeat is sent again, as wandb does. A run handed out in the lost answer is
    then never started; the server sees that no agent has it.

    Raises:
        NotFound: the sweep was deleted, or the server has forgotten the agent.
        ServerError: as `Server.query`.
    """
    running = json.dumps(dict.fromkeys(run_ids, True))
    answer = server.query(_HEARTBEAT, id=agent_id, metrics="{}", runState=running)["agentHeartbeat"]
    return [_command(command) for command in answer["commands"]]


def _command(command: Mapping[str, Any]) -> Command:
    kind = str(command.get("type"))
    if kind not in ("run", "resume", "stop", "exit"):
        raise ServerError(f"W&B's server sent a command unknown to this agent: {kind!r}")
    run_id, program = str(command.get("run_id") or ""), command.get("program")
    if kind != "exit" and not is_path_part(run_id):
        raise ServerError(f"W&B's server sent a run id that cannot be part of a file's name: {run_id!r}")
    arguments = {} if command.get("args") is None else command["args"]
    if not isinstance(arguments, dict) or not all(_has_value(entry) for entry in arguments.values()):
        raise ServerError(
            f"W&B's server sent run {run_id} a configuration that cannot be read: {arguments!r}"
        )
    if not isinstance(program, str | None):
        raise ServerError(f"W&B's server sent run {run_id} a program that is no text: {program!r}")
    return Command(kind, run_id, program or None, arguments)


def _has_value(entry: Any) -> bool:
    return isinstance(entry, dict) and "value" in entry
