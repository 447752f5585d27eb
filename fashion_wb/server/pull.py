"""Pull sweeps and the full histories of their runs from W&B's server, in few requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_wb.progress_line import ProgressLine
from fashion_wb.server.cache import PullCache
from fashion_wb.server.connection import Server
from fashion_wb.server.errors import ServerError
from fashion_wb.server.pages import iter_runs, iter_sweeps
from fashion_wb.server.path import WandbPath
from fashion_wb.server.pulled_run import ENDED_STATES, PulledRun, parse_run, to_trials
from fashion_wb.trial import Metric, Trial

_LISTED = "name state sweepName heartbeatAt historyLineCount"
# `history` returns all lines of a run if it gets at least as many samples as there are lines, and one request
# covers a page of runs. The API's scan_history takes at least one request per run.
_FULL = """name state config summaryMetrics exitcode stopped createdAt historyLineCount
    history(samples: $samples)"""
_PER_PAGE = 100
_LISTED_PER_PAGE = 500
# All histories of a page together; the connection may break during longer answers.
_LINES_PER_PAGE = 20_000


@dataclass(frozen=True)
class PulledSweep:
    """A sweep with its trials.

    Attributes:
        sweep_id: W&B's id.
        name: the name in its config, else its display name, else the id.
        metric: the objective; None if its config names none.
        trials: by number, running ones included.
        config: the sweep's configuration, as its sweep file has it.
    """

    sweep_id: str
    name: str
    metric: Metric | None
    trials: tuple[Trial, ...]
    config: Mapping[str, Any]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The search space as the configuration has it."""
        found: Mapping[str, Any] = self.config["parameters"]
        return found


@dataclass(frozen=True)
class PullResult:
    """The pulled sweeps, and how many runs were left out.

    Attributes:
        sweeps: oldest first, including those without runs.
        runs_without_sweep: number of the project's runs in no sweep.
        pending_runs: number of the sweeps' runs that were proposed but not started.
    """

    sweeps: tuple[PulledSweep, ...]
    runs_without_sweep: int
    pending_runs: int


def pull_sweeps(server: Server, path: WandbPath, cache: PullCache, progress: ProgressLine) -> PullResult:
    """Pull a sweep, or all sweeps of a project, with everything that their runs logged.

    Requests the list of sweeps (100 per request), the list of runs (500 per request), and all fields and
    histories of runs that are not in `cache` or have changed since (100 per request). Each page is cached
    when it arrives, so an interrupted pull continues from there.

    Raises:
        ServerError: no such project or sweep for this account, or as `Server.query`.
    """
    configs = _sweep_configs(server, path)
    filters = {} if path.sweep is None else {"sweep": path.sweep}
    listed = list(iter_runs(server, path, _LISTED, filters, _LISTED_PER_PAGE))
    in_sweeps = [node for node in listed if node["sweepName"] in configs]
    started = [node for node in in_sweeps if node["state"] != "pending" or node["historyLineCount"]]
    runs: dict[str, list[PulledRun]] = defaultdict(list)
    for node, run in _runs(server, path, started, cache, progress):
        runs[node["sweepName"]].append(run)
    sweeps = tuple(_sweep(sweep_id, config, runs[sweep_id]) for sweep_id, config in configs.items())
    return PullResult(sweeps, len(listed) - len(in_sweeps), len(in_sweeps) - len(started))


def _sweep_configs(server: Server, path: WandbPath) -> dict[str, dict[str, Any]]:
    nodes = iter_sweeps(server, path, "name displayName config")
    configs = {node["name"]: _config(node) for node in nodes}
    if path.sweep is None:
        return configs
    if path.sweep not in configs:
        known = ", ".join(f"{key} ({config['name']})" for key, config in configs.items())
        raise ServerError(f"{path.project_path} has no sweep {path.sweep}; it has {known or 'no sweeps'}")
    return {path.sweep: configs[path.sweep]}


def _config(node: Mapping[str, Any]) -> dict[str, Any]:
    config = node["config"]
    parameters, metric = config.get("parameters"), config.get("metric")
    parameters = {} if parameters is None else parameters
    where = f"sweep {node['name']} on W&B's server"
    if not isinstance(parameters, dict):
        raise ServerError(f"{where}: parameters must be a mapping, got {parameters!r}")
    if metric not in (None, {}) and not _is_metric(metric):
        raise ServerError(
            f"{where}: metric must have a name, and the goal minimize or maximize, got {metric!r}"
        )
    name = str(config.get("name") or node["displayName"] or node["name"])
    return {**config, "parameters": parameters, "name": name}


def _is_metric(block: Any) -> bool:
    if not isinstance(block, dict) or not isinstance(block.get("name"), str):
        return False
    return block.get("goal", "minimize") in ("minimize", "maximize")


def _sweep(sweep_id: str, config: Mapping[str, Any], runs: Sequence[PulledRun]) -> PulledSweep:
    block = config.get("metric")
    metric = Metric(block["name"], block.get("goal", "minimize")) if block else None
    # W&B's scheduler logs to a run of its own. That run has no hyperparameters, and is not a trial.
    trials = [run for run in runs if config["parameters"].keys() & run.config.keys()]
    return PulledSweep(sweep_id, config["name"], metric, to_trials(trials, metric), config)


def _runs(
    server: Server,
    path: WandbPath,
    listed: Sequence[dict[str, Any]],
    cache: PullCache,
    progress: ProgressLine,
) -> Iterator[tuple[dict[str, Any], PulledRun]]:
    missing = []
    for node in listed:
        cached = cache.get(node["name"], _stamp(node))
        if cached is None:
            missing.append(node)
        else:
            yield node, parse_run(cached, cached["rows"])
    done = len(listed) - len(missing)
    progress.update(done, len(listed))
    for page in _in_pages(missing):
        bodies = _fetch(server, path, page)
        cache.put(
            (node["name"], _stamp(node), bodies[node["name"]])
            for node in page
            if node["name"] in bodies and node["state"] in ENDED_STATES
        )
        done += len(page)
        progress.update(done, len(listed))
        # Runs that were deleted after they were listed are missing.
        found = [(node, bodies[node["name"]]) for node in page if node["name"] in bodies]
        yield from ((node, parse_run(body, body["rows"])) for node, body in found)


def _stamp(node: Mapping[str, Any]) -> str:
    return f"{node['state']} {node['heartbeatAt']} {node['historyLineCount']}"


def _in_pages(nodes: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for node in nodes:
        # All runs of a page get the same number of samples, so the longest history counts for all.
        longest = max(each["historyLineCount"] for each in [*page, node])
        if page and (len(page) == _PER_PAGE or (len(page) + 1) * longest > _LINES_PER_PAGE):
            yield page
            page = []
        page.append(node)
    if page:
        yield page


def _fetch(server: Server, path: WandbPath, page: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Fetch each run's fields, with all its rows as "rows"."""
    filters = {"name": {"$in": [node["name"] for node in page]}}
    # Twice the known number of lines, because a running run may have added some since.
    samples = max(500, *(2 * node["historyLineCount"] for node in page))
    found = iter_runs(server, path, _FULL, filters, len(page), samples=samples)
    return {node["name"]: _with_rows(server, path, node) for node in found}


def _with_rows(server: Server, path: WandbPath, node: dict[str, Any]) -> dict[str, Any]:
    rows = node.pop("history")
    if len(rows) < node["historyLineCount"]:
        # The server returned fewer samples than requested.
        rows = server.scan_history(f"{path.entity}/{path.project}/{node['name']}")
    return {**node, "rows": rows}
