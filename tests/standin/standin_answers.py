"""The root fields of the stand-in's GraphQL: its queries and mutations."""

from __future__ import annotations

import json
from collections.abc import Callable

import standin_sweeps
from standin_graphql import Arguments, Fields, Unknown
from standin_objects import Objects
from standin_state import ENTITY, Refused, Run, State, Sweep, now

# Features that the client asks for by name; without this one it refuses to enqueue runs.
FEATURES = ("SWEEPS_LOCAL_SCHEDULER",)
# Inputs about the client and its machine that the stand-in ignores.
_IGNORED = (
    "id notes host debug jobProgram jobRepo state controller launchScheduler templateVariableValues scheduler"
).split()


def roots(state: State, upload_url: Callable[[Run, str], str]) -> dict[str, Fields]:
    """Return the root fields; `upload_url` gives the address for uploading a run's file."""
    return _Answers(state, upload_url).roots()


class _Answers:
    def __init__(self, state: State, upload_url: Callable[[Run, str], str]) -> None:
        self._state = state
        self._objects = Objects(state)
        self._upload_url = upload_url

    def roots(self) -> dict[str, Fields]:
        features = [{"name": name, "isEnabled": True} for name in FEATURES]
        query = {
            "viewer": self._objects.viewer(),
            # Clients ask for the organisation of an entity; there is none here.
            "entity": lambda arguments: arguments.clear(),
            "serverInfo": {"features": features},
            "project": self._objects.find_project,
            "model": self._objects.find_project,
            "models": self._projects,
            "view": self._objects.views.find,
        }
        mutations = (
            self._upsert_model,
            self._upsert_sweep,
            self._create_agent,
            self._agent_heartbeat,
            self._upsert_bucket,
            self._enqueue_sweep_run,
            self._stop_run,
            self._create_run_files,
            *self._objects.views.mutations(),
        )
        return {"query": query, "mutation": {_camel(call.__name__): _input(call) for call in mutations}}

    def _projects(self, arguments: Arguments) -> Fields:
        _check_entity(arguments.pop("entityName", None))
        arguments.clear()
        edges = [
            {"node": self._objects.project(name), "cursor": name} for name in sorted(self._state.projects)
        ]
        page = {"__typename": "PageInfo", "hasNextPage": False, "endCursor": None}
        return {"edges": edges, "pageInfo": page}

    # Mutations

    def _upsert_model(self, given: Arguments) -> Fields:
        _check_entity(given.pop("entityName", None))
        name = given.pop("name")
        inserted = name not in self._state.projects
        self._state.projects.add(name)
        given.clear()
        project = self._objects.project(name)
        return {"project": project, "model": project, "inserted": inserted}

    def _upsert_sweep(self, given: Arguments) -> Fields:
        key, status = given.pop("id", None), given.pop("state", None)
        _check_entity(given.pop("entityName", None))
        if key is not None:
            sweep = self._sweep_by_key(key)
            given.pop("projectName", None)
        else:
            sweep = self._state.add_sweep(given.pop("projectName"), given.pop("config"))
        sweep.state = status or sweep.state
        sweep.display_name = given.pop("displayName", sweep.display_name)
        sweep.description = given.pop("description", sweep.description)
        _drop(given)
        return {"sweep": self._objects.sweep(sweep), "configValidationWarnings": []}

    def _create_agent(self, given: Arguments) -> Fields:
        _check_entity(given.pop("entityName", None))
        for name in ("host", "projectName"):
            given.pop(name, None)
        agent = self._state.add_agent(self._sweep_by_key(given.pop("sweep")).name)
        return {"agent": {"id": agent.name}}

    def _agent_heartbeat(self, given: Arguments) -> Fields:
        agent = self._state.agents[given.pop("id")]
        given.pop("metrics", None)
        if agent.sweep not in self._state.sweeps:
            raise Refused("sweep not found", 404)
        alive = {name for name, running in json.loads(given.pop("runState")).items() if running}
        commands = standin_sweeps.heartbeat(self._state, agent, alive)
        return {"agent": {"id": agent.name}, "commands": json.dumps(commands)}

    def _upsert_bucket(self, given: Arguments) -> Fields:
        run, inserted = self._bucket(given)
        config, summary = given.pop("config", None), given.pop("summaryMetrics", None)
        run.config |= json.loads(config) if config else {}
        run.summary |= json.loads(summary) if summary else {}
        run.display_name = given.pop("displayName", run.display_name)
        run.group, run.job_type = given.pop("groupName", run.group), given.pop("jobType", run.job_type)
        run.tags, run.commit = given.pop("tags", run.tags), given.pop("commit", run.commit)
        given.pop("description", None)
        _drop(given)
        return {"bucket": self._objects.run(run), "inserted": inserted}

    def _bucket(self, given: Arguments) -> tuple[Run, bool]:
        _check_entity(given.pop("entityName", None))
        key, name = given.pop("id", None), given.pop("name", None)
        project, sweep = given.pop("modelName", None), given.pop("sweep", None)
        name = name or key.removeprefix("run:")
        if name in self._state.deleted:
            raise Refused(f"run {name} was previously created and deleted; try a new run name", 409)
        where = self._state.run_key(project, name)
        known = where in self._state.runs
        run = self._state.runs.setdefault(where, Run(name, project, sweep))
        self._state.projects.add(run.project)
        run.seen = now()
        if not run.ended and run.state != "preempting":
            run.state = "running"
        return run, not known

    def _enqueue_sweep_run(self, given: Arguments) -> Fields:
        config = json.loads(given.pop("config"))
        run = standin_sweeps.enqueue(self._state, self._sweep_by_key(given.pop("id")), config)
        run.display_name = given.pop("displayName", None)
        # The scheduler looks for this id among the names of runs.
        return {"id": run.name, "runQueueItemId": f"item:{run.name}"}

    def _stop_run(self, given: Arguments) -> Fields:
        self._state.runs[given.pop("id").removeprefix("run:")].stop_asked = True
        return {"success": True}

    def _create_run_files(self, given: Arguments) -> Fields:
        given.pop("entityName", None)
        where = self._state.run_key(given.pop("projectName", None), given.pop("runName"))
        run, names = self._state.runs[where], given.pop("files")
        run.files += names
        files = [{"name": name, "uploadUrl": self._upload_url(run, name)} for name in names]
        return {"runID": f"run:{run.name}", "uploadHeaders": [], "files": files}

    def _sweep_by_key(self, key: str) -> Sweep:
        name = key.removeprefix("sweep:")
        if name not in self._state.sweeps:
            raise Refused(f"could not find sweep {name}", 404)
        return self._state.sweeps[name]


def _check_entity(entity: str | None) -> None:
    if entity not in (None, ENTITY):
        raise Refused(f"entity {entity} not found", 404)


def _camel(name: str) -> str:
    first, *rest = name.strip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def _input(call: Callable[[Arguments], Fields]) -> Callable[[Arguments], Fields]:
    """Treat the entries of a mutation's one argument, `input`, as its arguments."""

    def resolve(arguments: Arguments) -> Fields:
        given = {name: value for name, value in arguments.pop("input").items() if value is not None}
        answer = call(given)
        if given:
            raise Unknown(f"{_camel(call.__name__)}: input {given}")
        return answer

    return resolve


def _drop(given: Arguments) -> None:
    for name in _IGNORED:
        given.pop(name, None)
