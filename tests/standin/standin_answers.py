"""The GraphQL objects of the stand-in: what a client may ask, and what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import standin_sweeps
from standin_graphql import Arguments, Fields, Unknown
from standin_state import ENTITY, Run, State, Sweep

# The server's features that the client asks for by name; without the first it refuses to enqueue runs.
FEATURES = ("SWEEPS_LOCAL_SCHEDULER",)
# What a client says of itself and its machine when it creates a run or a sweep, of which nothing is kept.
_UNKEPT = (
    "id groupName displayName notes description commit host debug jobProgram jobRepo jobType state tags "
    "controller launchScheduler templateVariableValues scheduler"
).split()


def roots(state: State, upload_url: Callable[[Run, str], str]) -> dict[str, Fields]:
    """The root fields that are served; `upload_url` gives the address for a run's file."""
    return _Answers(state, upload_url).roots()


class _Answers:
    def __init__(self, state: State, upload_url: Callable[[Run, str], str]) -> None:
        self._state = state
        self._upload_url = upload_url

    def roots(self) -> dict[str, Fields]:
        features = [{"name": name, "isEnabled": True} for name in FEATURES]
        query = {
            "viewer": _viewer(),
            # Asked for the organisation of an entity; there is none here.
            "entity": lambda arguments: arguments.clear(),
            "serverInfo": {"features": features},
            "project": self._project,
            "model": self._project,
        }
        mutations = (
            self._upsert_sweep,
            self._create_agent,
            self._agent_heartbeat,
            self._upsert_bucket,
            self._enqueue_sweep_run,
            self._stop_run,
            self._create_run_files,
        )
        return {"query": query, "mutation": {_camel(call.__name__): _input(call) for call in mutations}}

    # Objects

    def _project(self, arguments: Arguments) -> Fields:
        name = arguments.pop("name")
        arguments.pop("entityName", None)
        return self._project_fields(name)

    def _project_fields(self, name: str) -> Fields:
        def sweep(arguments: Arguments) -> Fields | None:
            found = self._state.sweeps.get(arguments.pop("sweepName"))
            return found and self._sweep_fields(found)

        def run(arguments: Arguments) -> Fields | None:
            arguments.pop("missingOk", None)
            found = self._state.runs.get(arguments.pop("name"))
            # A run that was only enqueued is not yet there for a client that asks whether to resume it.
            return self._run_fields(found) if found and found.state != "pending" else None

        def runs(arguments: Arguments) -> Fields:
            names = _names(json.loads(arguments.pop("filters")))
            return self._connection([self._state.runs[key] for key in names], arguments)

        entity = {"id": f"entity:{ENTITY}", "name": ENTITY}
        fields = {"id": f"project:{name}", "name": name, "entity": entity}
        return fields | {"sweep": sweep, "run": run, "bucket": run, "runs": runs}

    def _sweep_fields(self, sweep: Sweep) -> Fields:
        return {
            "id": f"sweep:{sweep.name}",
            "name": sweep.name,
            "displayName": None,
            "method": sweep.config["method"],
            "state": sweep.state,
            "config": sweep.text,
            "controllerRunName": f"{sweep.name}-controller",
            "project": self._project_fields(sweep.project),
            "runs": lambda arguments: self._connection(self._state.runs_of(sweep.name), arguments),
        } | dict.fromkeys(_SWEEP_NULLS)

    def _run_fields(self, run: Run) -> Fields:
        return {
            "id": f"run:{run.name}",
            "name": run.name,
            "displayName": run.name,
            "state": run.state,
            "config": json.dumps(run.config),
            "summaryMetrics": json.dumps(run.summary),
            "sweepName": run.sweep,
            "project": self._project_fields(run.project),
            "historyLineCount": len(run.history),
            "sampledHistory": lambda arguments: _samples(run, arguments.pop("specs")),
            "exitcode": run.exit_code,
            "shouldStop": run.stop_asked,
            "stopped": run.stop_asked,
            "failed": run.state == "failed",
            "running": run.state == "running",
        } | dict.fromkeys(("description", "heartbeatAt"))

    def _connection(self, runs: list[Run], arguments: Arguments) -> Fields:
        start = int(arguments.pop("after", None) or 0)
        end = start + (arguments.pop("first", None) or len(runs))
        edges = [{"node": self._run_fields(run)} for run in runs[start:end]]
        page = {"hasNextPage": end < len(runs), "endCursor": str(end)}
        return {"edges": edges, "pageInfo": page}

    # Mutations

    def _upsert_sweep(self, given: Arguments) -> Fields:
        key, status = given.pop("id", None), given.pop("state", None)
        if key is not None:
            sweep = self._sweep_by_key(key)
            sweep.state = status or sweep.state
        else:
            sweep = self._state.add_sweep(given.pop("projectName"), given.pop("config"))
            given.pop("entityName", None)
            _drop(given)
        return {"sweep": self._sweep_fields(sweep), "configValidationWarnings": []}

    def _create_agent(self, given: Arguments) -> Fields:
        for name in ("host", "projectName", "entityName"):
            given.pop(name, None)
        agent = self._state.add_agent(given.pop("sweep"))
        return {"agent": {"id": agent.name}}

    def _agent_heartbeat(self, given: Arguments) -> Fields:
        agent = self._state.agents[given.pop("id")]
        given.pop("metrics", None)
        alive = {name for name, running in json.loads(given.pop("runState")).items() if running}
        commands = standin_sweeps.heartbeat(self._state, agent, alive)
        return {"agent": {"id": agent.name}, "commands": json.dumps(commands)}

    def _upsert_bucket(self, given: Arguments) -> Fields:
        run, inserted = self._bucket(given)
        config, summary = given.pop("config", None), given.pop("summaryMetrics", None)
        run.config |= json.loads(config) if config else {}
        run.summary |= json.loads(summary) if summary else {}
        _drop(given)
        return {"bucket": self._run_fields(run), "inserted": inserted}

    def _bucket(self, given: Arguments) -> tuple[Run, bool]:
        key, name = given.pop("id", None), given.pop("name", None)
        project, sweep = given.pop("modelName", None), given.pop("sweep", None)
        given.pop("entityName", None)
        name = name or key.removeprefix("run:")
        known = name in self._state.runs
        run = self._state.runs.setdefault(name, Run(name, project, sweep))
        if not run.ended:
            run.state = "running"
        return run, not known

    def _enqueue_sweep_run(self, given: Arguments) -> Fields:
        config = json.loads(given.pop("config"))
        run = standin_sweeps.enqueue(self._state, self._sweep_by_key(given.pop("id")), config)
        return {"id": f"run:{run.name}", "runQueueItemId": f"item:{run.name}"}

    def _stop_run(self, given: Arguments) -> Fields:
        self._state.runs[given.pop("id").removeprefix("run:")].stop_asked = True
        return {"success": True}

    def _create_run_files(self, given: Arguments) -> Fields:
        for name in ("entityName", "projectName"):
            given.pop(name, None)
        run, names = self._state.runs[given.pop("runName")], given.pop("files")
        run.files += names
        files = [{"name": name, "uploadUrl": self._upload_url(run, name)} for name in names]
        return {"runID": f"run:{run.name}", "uploadHeaders": [], "files": files}

    def _sweep_by_key(self, key: str) -> Sweep:
        return self._state.sweeps[key.removeprefix("sweep:")]


_SWEEP_NULLS = (
    "description createdAt heartbeatAt updatedAt earlyStopJobRunning bestLoss controller scheduler".split()
)


def _viewer() -> Fields:
    teams = {"edges": [{"node": {"name": ENTITY}}]}
    names = {"username": ENTITY, "entity": ENTITY, "email": f"{ENTITY}@example.com"}
    return {"id": "user:1", "flags": "{}", "teams": teams, **names}


def _camel(name: str) -> str:
    first, *rest = name.strip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def _input(call: Callable[[Arguments], Fields]) -> Callable[[Arguments], Fields]:
    """A mutation has one argument, `input`, whose entries are treated as arguments are."""

    def resolve(arguments: Arguments) -> Fields:
        given = {name: value for name, value in arguments.pop("input").items() if value is not None}
        answer = call(given)
        if given:
            raise Unknown(f"{_camel(call.__name__)}: input {given}")
        return answer

    return resolve


def _drop(given: Arguments) -> None:
    for name in _UNKEPT:
        given.pop(name, None)


def _names(filters: Any) -> list[str]:
    """The run names that a filter lists; the scheduler gives them as ids."""
    match filters:
        case {"name": {"$in": [*names]}}:
            return [name.removeprefix("run:") for name in names]
    raise Unknown(f"runs: filters {filters}")


def _samples(run: Run, specs: list[str] | str) -> list[list[dict[str, Any]]]:
    """For each spec the rows that have all its keys, at most as many as it asks for, evenly spaced."""
    return [_sample(run.history, json.loads(spec)) for spec in ([specs] if isinstance(specs, str) else specs)]


def _sample(history: list[dict[str, Any]], spec: dict[str, Any]) -> list[dict[str, Any]]:
    keys = spec.get("keys")
    if keys is None:
        return history
    rows = [{key: row[key] for key in keys} for row in history if all(key in row for key in keys)]
    stride = max(1, -(-len(rows) // spec.get("samples", 500)))
    return rows[::stride]
