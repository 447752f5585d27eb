"""The data of the stand-in for W&B's server."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

ENTITY = "somebody"
KEY = "a" * 40
ENDED = ("finished", "failed", "crashed", "killed")


class Refused(Exception):
    """The server refuses a request; the client gets this message and HTTP status."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


def now() -> str:
    """Return the time as W&B's server writes it: UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Run:
    """A run, enqueued, handed out or logged.

    Attributes:
        name: the id in the run's address.
        sweep: the id of its sweep; None for a run outside any.
        config: hyperparameters in the wire form {name: {"value": ...}}.
        state: pending, running, preempting, preempted, or one of ENDED.
        history: rows logged, in order.
        files: names of the files that the client asked an upload address for.
        stop_asked: the stop flag, which file_stream passes on.
        created, seen: when it was created, and when it last logged.
    """

    name: str
    project: str
    sweep: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    state: str = "pending"
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    exit_code: int | None = None
    stop_asked: bool = False
    display_name: str | None = None
    group: str | None = None
    job_type: str | None = None
    tags: list[str] = field(default_factory=list)
    commit: str | None = None
    created: str = field(default_factory=now)
    seen: str = field(default_factory=now)

    @property
    def ended(self) -> bool:
        """Whether the run has ended."""
        return self.state in ENDED

    def values(self) -> dict[str, Any]:
        """Return the hyperparameters as plain values, without W&B's own entry among them."""
        return {name: entry["value"] for name, entry in self.config.items() if name != "_wandb"}


@dataclass
class Sweep:
    """A sweep.

    Attributes:
        text: its config as the client sent it, in YAML.
        queue: names of runs that a scheduler has enqueued and that were not handed out yet.
        requeued: names of preempted runs, to be handed out again.
        handed: names of the runs handed out to agents, in order.
        stopped: names of runs that hyperband wants stopped.
        display_name, description: as a client gave them.
    """

    name: str
    project: str
    text: str
    state: str = "RUNNING"
    queue: list[str] = field(default_factory=list)
    requeued: list[str] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    display_name: str | None = None
    description: str | None = None
    created: str = field(default_factory=now)

    @property
    def config(self) -> dict[str, Any]:
        """Its config, parsed."""
        return yaml.safe_load(self.text)


@dataclass(frozen=True)
class Agent:
    """An agent that registered, and the runs it was given."""

    name: str
    sweep: str
    runs: list[str] = field(default_factory=list)


@dataclass
class State:
    """All data of the server; hold `lock` to read or write it.

    Attributes:
        projects: names of the projects that exist; a sweep or a run creates its project.
        asked: number of requests by GraphQL operation.
        views: reports by id, as standin_views keeps them.
        may_share: whether reports may be shared by a link.
        runs: by name, or by project/name if a run of another project had the name first.
        deleted: names of deleted runs, which W&B does not allow to be used again.
        gone_after: for a run's name, the number of file_stream requests before one is answered with 404.
        problems: requests that the stand-in could not answer; a test fails if there are any.
    """

    projects: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    gone_after: dict[str, int] = field(default_factory=dict)
    views: dict[str, Any] = field(default_factory=dict)
    may_share: bool = True
    problems: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add_sweep(self, project: str, text: str) -> Sweep:
        """Create a sweep; its id is made from the name in its config, so that tests repeat exactly."""
        stem = yaml.safe_load(text).get("name", "sweep")
        name = f"{stem}{sum(known.startswith(stem) for known in self.sweeps) + 1}"
        self.projects.add(project)
        self.sweeps[name] = Sweep(name, project, text)
        return self.sweeps[name]

    def run_key(self, project: str | None, name: str) -> str:
        """Return the key in `runs` of a project's run, whether or not it exists."""
        found = self.runs.get(name)
        return f"{project}/{name}" if found and project not in (None, found.project) else name

    def add_run(self, project: str, sweep: str | None, config: dict[str, Any]) -> Run:
        """Create a pending run."""
        name = f"{sweep or 'run'}-{len(self.runs):04}"
        self.runs[name] = Run(name, project, sweep, config)
        return self.runs[name]

    def add_agent(self, sweep: str) -> Agent:
        """Register an agent."""
        name = f"agent-{len(self.agents)}"
        self.agents[name] = Agent(name, sweep)
        return self.agents[name]

    def runs_of(self, sweep: str) -> list[Run]:
        """Return a sweep's runs, oldest first."""
        return [run for run in self.runs.values() if run.sweep == sweep]
