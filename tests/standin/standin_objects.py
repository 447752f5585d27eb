"""The stand-in's projects, sweeps and runs as GraphQL objects."""

from __future__ import annotations

import json
from typing import Any

from standin_filters import matches
from standin_graphql import Arguments, Fields, Unknown
from standin_state import ENTITY, Run, State, Sweep
from standin_views import Views

_SWEEP_NULLS = "heartbeatAt updatedAt earlyStopJobRunning bestLoss controller scheduler runCountExpected"
# Most rows that a history query returns, however many are asked for.
MOST_SAMPLES = 10_000
_RUN_NULLS = "description notes systemMetrics readOnly"


class Objects:
    """Builds the fields of each object; expensive fields are computed only when asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.views = Views(state, self.project)

    def viewer(self) -> Fields:
        """Return the only account."""
        teams = {"edges": [{"node": {"name": ENTITY}}]}
        names = {"username": ENTITY, "entity": ENTITY, "email": f"{ENTITY}@example.com", "name": ENTITY}
        return {"id": "user:1", "flags": "{}", "teams": teams, "admin": False, "deletedAt": None} | names

    def find_project(self, arguments: Arguments) -> Fields | None:
        """Find a project by name and entity; None if there is none, as W&B answers."""
        name, entity = arguments.pop("name"), arguments.pop("entityName", None)
        if entity not in (None, ENTITY) or name not in self._state.projects:
            return None
        return self.project(name)

    def project(self, name: str) -> Fields:
        """Return a project's fields, whether or not it exists."""
        entity = {"id": f"entity:{ENTITY}", "name": ENTITY}
        return {
            "__typename": "Project",
            "id": f"project:{name}",
            "internalId": str(1 + sorted(self._state.projects | {name}).index(name)),
            "name": name,
            "entity": entity,
            "entityName": ENTITY,
            "createdAt": "2026-01-01T00:00:00Z",
            "isBenchmark": False,
            "readOnly": False,
            "user": None,
            "description": None,
            "access": "PRIVATE",
            "views": "{}",
            "allViews": lambda arguments: self.views.of_project(name, arguments),
            "sweep": self._sweep_of,
            "sweeps": lambda arguments: self._sweeps(name, arguments),
            "totalSweeps": lambda _: len(self._sweeps_in(name)),
            "run": lambda arguments: self._run_of(name, arguments),
            "bucket": lambda arguments: self._run_of(name, arguments),
            "runs": lambda arguments: self._runs(name, arguments),
            "runCount": lambda arguments: len(self._runs_in(name, arguments.pop("filters", None))),
        }

    def sweep(self, sweep: Sweep) -> Fields:
        """Return a sweep's fields."""
        return {
            "__typename": "Sweep",
            "id": f"sweep:{sweep.name}",
            "name": sweep.name,
            "displayName": sweep.display_name,
            "description": sweep.description,
            "method": sweep.config["method"],
            "state": sweep.state,
            "config": sweep.text,
            "createdAt": sweep.created,
            "controllerRunName": f"{sweep.name}-controller",
            "project": self.project(sweep.project),
            "runCount": lambda _: len(self._state.runs_of(sweep.name)),
            "runs": lambda arguments: self._page_of_runs(self._state.runs_of(sweep.name), arguments),
        } | dict.fromkeys(_SWEEP_NULLS.split())

    def run(self, run: Run) -> Fields:
        """Return a run's fields."""
        return {
            "__typename": "Run",
            "id": f"run:{run.name}",
            "projectId": 1,
            "name": run.name,
            "displayName": run.display_name or run.name,
            "state": run.state,
            "config": lambda _: json.dumps(run.config),
            "summaryMetrics": lambda _: json.dumps(run.summary),
            "sweepName": run.sweep,
            "project": lambda _: self.project(run.project),
            "group": run.group,
            "jobType": run.job_type,
            "tags": run.tags,
            "commit": run.commit,
            "createdAt": run.created,
            "heartbeatAt": run.seen,
            "user": {"name": ENTITY, "username": ENTITY},
            "historyLineCount": len(run.history),
            "historyTail": lambda _: json.dumps([json.dumps(row) for row in run.history[-1:]]),
            "logLineCount": len(run.output),
            "eventsLineCount": 0,
            "eventsTail": "[]",
            "wandbConfig": lambda arguments: _client_config(run, arguments),
            "history": lambda arguments: _lines(run, arguments),
            "historyKeys": {"lastStep": run.history[-1]["_step"]} if run.history else None,
            "parquetHistory": _exported,
            "sampledHistory": lambda arguments: _samples(run, arguments.pop("specs")),
            "exitcode": run.exit_code,
            "shouldStop": run.stop_asked,
            "stopped": run.stop_asked,
            "failed": run.state == "failed",
            "running": run.state == "running",
        } | dict.fromkeys(_RUN_NULLS.split())

    def _sweep_of(self, arguments: Arguments) -> Fields | None:
        found = self._state.sweeps.get(arguments.pop("sweepName"))
        return found and self.sweep(found)

    def _sweeps_in(self, project: str) -> list[Sweep]:
        return [sweep for sweep in self._state.sweeps.values() if sweep.project == project]

    def _sweeps(self, project: str, arguments: Arguments) -> Fields:
        if json.loads(arguments.pop("filters", None) or "{}"):
            raise Unknown("sweeps: filters")
        return _page(self._sweeps_in(project), self.sweep, arguments)

    def _run_of(self, project: str, arguments: Arguments) -> Fields | None:
        arguments.pop("missingOk", None)
        found = self._state.runs.get(self._state.run_key(project, arguments.pop("name")))
        # A run that was only enqueued does not exist yet for a client that asks whether to resume it.
        known = found is not None and found.project == project and found.state != "pending"
        return self.run(found) if known else None

    def _runs_in(self, project: str, filters: str | None) -> list[Run]:
        wanted = json.loads(filters or "{}")
        return [run for run in self._state.runs.values() if run.project == project and matches(run, wanted)]

    def _runs(self, project: str, arguments: Arguments) -> Fields:
        return self._page_of_runs(self._runs_in(project, arguments.pop("filters", None)), arguments)

    def _page_of_runs(self, runs: list[Run], arguments: Arguments) -> Fields:
        order = arguments.pop("order", None) or "+created_at"
        if order not in ("+created_at", "-created_at"):
            raise Unknown(f"runs: order {order}")
        return _page(runs[:: -1 if order[0] == "-" else 1], self.run, arguments)


def _page(items: list[Any], describe: Any, arguments: Arguments) -> Fields:
    start = int(arguments.pop("after", None) or 0)
    end = start + (arguments.pop("first", None) or len(items))
    edges = [
        {"node": describe(item), "cursor": str(position)}
        for position, item in enumerate(items[start:end], start=start + 1)
    ]
    page = {"__typename": "PageInfo", "hasNextPage": end < len(items), "endCursor": str(min(end, len(items)))}
    return {"edges": edges, "pageInfo": page}


def _lines(run: Run, arguments: Arguments) -> list[str]:
    """Return a run's history as lines of JSON; a history longer than `samples` is sampled, as by W&B."""
    low, high = arguments.pop("minStep", None), arguments.pop("maxStep", None)
    samples = min(arguments.pop("samples", None) or 500, MOST_SAMPLES)
    rows = [
        row
        for row in run.history
        if (low is None or row["_step"] >= low) and (high is None or row["_step"] < high)
    ]
    stride = max(1, -(-len(rows) // samples))
    return [json.dumps(row) for row in rows[::stride]]


def _client_config(run: Run, arguments: Arguments) -> str:
    """Return parts of W&B's own entry of a run's config; without `t`, no client has started the run."""
    own = run.config.get("_wandb", {"value": {}})["value"]
    return json.dumps({key: own[key] for key in arguments.pop("keys") if key in own})


def _exported(arguments: Arguments) -> Fields:
    """Return no Parquet files of a run's history, as W&B does just after a run has ended."""
    arguments.clear()
    return {"parquetUrls": [], "liveData": []}


def _samples(run: Run, specs: list[str] | str) -> list[list[dict[str, Any]]]:
    """Return for each spec the rows with all its keys, evenly spaced, at most as many as it asks for."""
    return [_sample(run.history, json.loads(spec)) for spec in ([specs] if isinstance(specs, str) else specs)]


def _sample(history: list[dict[str, Any]], spec: dict[str, Any]) -> list[dict[str, Any]]:
    keys = spec.get("keys")
    if keys is None:
        return history
    rows = [{key: row[key] for key in keys} for row in history if all(key in row for key in keys)]
    stride = max(1, -(-len(rows) // spec.get("samples", 500)))
    return rows[::stride]
