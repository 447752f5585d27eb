"""Sweeps and the full histories of their runs, from W&B's server, in few requests."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from fashion_wb.progress_line import ProgressLine
from fashion_wb.server.cache import PullCache
from fashion_wb.server.connection import Server
from fashion_wb.server.errors import ServerError
from fashion_wb.server.pages import runs_of, sweeps_of
from fashion_wb.server.path import WandbPath
from fashion_wb.server.pulled_run import ENDED, PulledRun, as_trials, parse_run
from fashion_wb.trial import Metric, Trial

_LISTED = "name state sweepName heartbeatAt historyLineCount"
# `history` with at least as many samples as a run has lines gives all of them, for a page of runs at once;
# the API's own scan_history takes a request or more a run.
_WHOLE = """name state config summaryMetrics exitcode stopped createdAt historyLineCount
    history(samples: $samples)"""
_PER_PAGE = 100
_LISTED_PER_PAGE = 500
# A page's histories together; beyond this an answer takes long enough to be cut off on the way.
_LINES_PER_PAGE = 20_000


@dataclass(frozen=True)
class PulledSweep:
    """A sweep with its trials.

    Attributes:
        sweep_id: W&B's id.
        name: the name in its config, else the one shown in the browser, else the id.
        metric: the objective; None if its config names none.
        trials: by number, running ones included.
        parameters: the search space as its config has it.
    """

    sweep_id: str
    name: str
    metric: Metric | None
    trials: tuple[Trial, ...]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Pull:
    """What was found.

    Attributes:
        sweeps: oldest first, those without runs included.
        outside: how many runs of the project are in no sweep.
        waiting: how many runs of the sweeps have been proposed and not been started.
    """

    sweeps: tuple[PulledSweep, ...]
    outside: int
    waiting: int


def pull(server: Server, path: WandbPath, cache: PullCache, count: ProgressLine) -> Pull:
    """A sweep, or all sweeps of a project, with all that their runs logged.

    Asks for a list of sweeps (a request per 100), a list of runs (per 500), and for each 100 runs that are
    new, or have changed, since they were kept in `cache`, all their fields and histories in one request.
    What has arrived is kept at once: a pull that is interrupted goes on there.

    Raises:
        ServerError: no such project or sweep for this account, or as `Server.query`.
    """
    configs = _sweep_configs(server, path)
    filters = {} if path.sweep is None else {"sweep": path.sweep}
    listed = list(runs_of(server, path, _LISTED, filters, _LISTED_PER_PAGE))
    in_sweeps = [node for node in listed if node["sweepName"] in configs]
    started = [node for node in in_sweeps if node["state"] != "pending" or node["historyLineCount"]]
    runs: dict[str, list[PulledRun]] = defaultdict(list)
    for node, run in _runs(server, path, started, cache, count):
        runs[node["sweepName"]].append(run)
    sweeps = tuple(_sweep(sweep_id, config, runs[sweep_id]) for sweep_id, config in configs.items())
    return Pull(sweeps, len(listed) - len(in_sweeps), len(in_sweeps) - len(started))


def _sweep_configs(server: Server, path: WandbPath) -> dict[str, dict[str, Any]]:
    nodes = sweeps_of(server, path, "name displayName config")
    configs = {node["name"]: _config(node) for node in nodes}
    if path.sweep is None:
        return configs
    if path.sweep not in configs:
        known = ", ".join(f"{key} ({config['name']})" for key, config in configs.items())
        raise ServerError(f"{path.of_project} has no sweep {path.sweep}; it has {known or 'no sweeps'}")
    return {path.sweep: configs[path.sweep]}


def _config(node: Mapping[str, Any]) -> dict[str, Any]:
    config = yaml.safe_load(node["config"] or "") or {}
    return {**config, "name": str(config.get("name") or node["displayName"] or node["name"])}


def _sweep(sweep_id: str, config: Mapping[str, Any], runs: Sequence[PulledRun]) -> PulledSweep:
    block = config.get("metric")
    metric = Metric(block["name"], block.get("goal", "minimize")) if block else None
    # The scheduler's own run, to which it writes its log, is no trial: it has none of the hyperparameters.
    parameters = config.get("parameters", {})
    trials = [run for run in runs if parameters.keys() & run.config.keys()]
    return PulledSweep(sweep_id, config["name"], metric, as_trials(trials, metric), parameters)


def _runs(
    server: Server, path: WandbPath, listed: Sequence[dict[str, Any]], cache: PullCache, count: ProgressLine
) -> Iterator[tuple[dict[str, Any], PulledRun]]:
    missing = []
    for node in listed:
        kept = cache.get(node["name"], _stamp(node))
        if kept is None:
            missing.append(node)
        else:
            yield node, parse_run(kept, kept["rows"])
    done = len(listed) - len(missing)
    count.update(done, len(listed))
    for page in _in_pages(missing):
        bodies = _fetch(server, path, page)
        cache.put(
            (node["name"], _stamp(node), bodies[node["name"]])
            for node in page
            if node["name"] in bodies and node["state"] in ENDED
        )
        done += len(page)
        count.update(done, len(listed))
        # One that was deleted since it was listed is not there any more.
        found = [(node, bodies[node["name"]]) for node in page if node["name"] in bodies]
        yield from ((node, parse_run(body, body["rows"])) for node, body in found)


def _stamp(node: Mapping[str, Any]) -> str:
    return f"{node['state']} {node['heartbeatAt']} {node['historyLineCount']}"


def _in_pages(nodes: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for node in nodes:
        # Every run of a page is sampled alike, so its longest history counts for all.
        longest = max(each["historyLineCount"] or 0 for each in [*page, node])
        if page and (len(page) == _PER_PAGE or (len(page) + 1) * longest > _LINES_PER_PAGE):
            yield page
            page = []
        page.append(node)
    if page:
        yield page


def _fetch(server: Server, path: WandbPath, page: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each run's fields, with all its rows as "rows"."""
    filters = {"name": {"$in": [node["name"] for node in page]}}
    # One line more than there was a moment ago, for each that a running run may have added since.
    samples = max(500, *(2 * (node["historyLineCount"] or 0) for node in page))
    found = runs_of(server, path, _WHOLE, filters, len(page), samples=samples)
    return {node["name"]: _with_rows(server, path, node) for node in found}


def _with_rows(server: Server, path: WandbPath, node: dict[str, Any]) -> dict[str, Any]:
    rows = [json.loads(line) for line in node.pop("history") or ()]
    if len(rows) < (node["historyLineCount"] or 0):
        # The server gave fewer samples than it was asked for.
        rows = server.scan_history(f"{path.entity}/{path.project}/{node['name']}")
    return {**node, "rows": rows}
