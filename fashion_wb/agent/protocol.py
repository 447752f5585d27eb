"""What an agent asks W&B's server, in the very documents of wandb's own agent.

They are sent from here because wandb's own function for it (`_agent_heartbeat`) prints a traceback, and
answers "no commands", when the server is down.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from fashion_wb.server.connection import Server
from fashion_wb.server.errors import NotFound, ServerError
from fashion_wb.server.pages import known_project, sweeps_of
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
    """A sweep as the server has it.

    Attributes:
        path: where it is.
        sweep: its config.
        state: RUNNING, PAUSED, FINISHED, CANCELED; the server may have others.
    """

    path: WandbPath
    sweep: Sweep
    state: str

    @property
    def is_over(self) -> bool:
        """Whether it will give out nothing more."""
        return is_over(self.state)


@dataclass(frozen=True)
class Command:
    """What the server tells an agent to do.

    Attributes:
        kind: run, resume (a run that was preempted), stop, or exit.
        run_id: of the run it is about; empty for exit.
        program: the script to run; None if the sweep names none.
        arguments: the configuration, {name: {"value": ...}}.
    """

    kind: str
    run_id: str
    program: str | None
    arguments: Mapping[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration as plain values."""
        return {name: entry["value"] for name, entry in self.arguments.items()}


def is_over(state: str) -> bool:
    """Whether a sweep in `state` gives out no more runs, nor ever will."""
    return state.upper() in _OVER


def find_sweep(server: Server, path: WandbPath) -> SweepOnServer:
    """The sweep at `path`, which must name one.

    Raises:
        ServerError: no such project or sweep for this account (the message names the sweeps there are), or as
            `Server.query`.
    """
    answer = server.query(_SWEEP, entity=path.entity, project=path.project, sweep=path.sweep)
    found = known_project(answer, server, path)["sweep"]
    if found is None:
        nodes = sweeps_of(server, path, "name displayName state")
        known = [f"{n['name']} ({n['displayName'] or 'no name'}, {n['state'].lower()})" for n in nodes]
        raise NotFound(
            f"{path.of_project} has no sweep {path.sweep}; it has {', '.join(known) or 'no sweeps'}"
        )
    config = yaml.safe_load(found["config"] or "") or {}
    name = str(found["displayName"] or found["name"])
    return SweepOnServer(path, make_sweep(config, default_name=name), found["state"])


def register(server: Server, path: WandbPath) -> str:
    """Register an agent of the sweep; returns its id. One agent has one run at a time."""
    variables = {"host": socket.gethostname(), "projectName": path.project, "entityName": path.entity}
    answer = server.query(_CREATE_AGENT, **variables, sweep=path.sweep)
    return str(answer["createAgent"]["agent"]["id"])


def heartbeat(server: Server, agent_id: str, alive: Collection[str]) -> list[Command]:
    """Tell the server which runs the agent has; returns what it shall do now.

    A heartbeat is repeated when its answer is lost, as wandb repeats it. A run that was given out in the lost
    answer is then never started; the server sees that no agent has it.

    Raises:
        NotFound: the sweep was deleted, or the server has forgotten the agent.
        ServerError: as `Server.query`.
    """
    running = json.dumps(dict.fromkeys(alive, True))
    answer = server.query(_HEARTBEAT, id=agent_id, metrics="{}", runState=running)["agentHeartbeat"]
    return [_command(command) for command in json.loads(answer["commands"])]


def _command(command: Mapping[str, Any]) -> Command:
    kind = str(command["type"])
    if kind not in ("run", "resume", "stop", "exit"):
        raise ServerError(f"W&B's server sent a command that this agent does not know: {kind!r}")
    run_id, program = str(command.get("run_id") or ""), command.get("program")
    return Command(kind, run_id, program or None, command.get("args") or {})
