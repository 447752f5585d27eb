"""Pull the records of sweeps from W&B's server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from analysis.formatting import count_of
from analysis.records.search import SearchRecord
from analysis.records.search_name import split_name
from analysis.records.sweep import SweepRecord
from fashion_wb.errors import FashionWbError
from fashion_wb.progress_line import ProgressLine
from fashion_wb.server.cache import cache_file, open_cache
from fashion_wb.server.connection import Server
from fashion_wb.server.path import WandbPath
from fashion_wb.server.pull import PulledSweep, PullResult, pull_sweeps
from fashion_wb.trial import Metric


@dataclass(frozen=True)
class Pulled:
    """The contents of a W&B project or sweep that a comparison can use.

    Attributes:
        searches: the sweeps, oldest first.
        left_out: one sentence for each kind of contents that cannot be compared.
    """

    searches: tuple[SearchRecord, ...]
    left_out: tuple[str, ...]


def search_records(server: Server, path: WandbPath, stream: TextIO) -> Pulled:
    """Pull a sweep, or all sweeps of a project; progress goes to `stream`.

    Three things are left out and listed: sweeps without runs, runs outside any sweep, and sweeps of another
    metric or goal than that of the most runs.

    Raises:
        FashionWbError: nothing is left to compare, or `pull` fails.
    """
    found = _pull(server, path, stream)
    metric = _most_frequent_metric(found.sweeps)
    usable = [
        _record(sweep, metric)
        for sweep in found.sweeps
        if sweep.trials and metric is not None and sweep.metric == metric
    ]
    left_out = tuple(_left_out(found, metric, path))
    if not usable:
        raise FashionWbError(" ".join([f"{path}: there is nothing to compare.", *left_out]))
    return Pulled(tuple(usable), left_out)


def sweep_records(server: Server, path: WandbPath, stream: TextIO) -> tuple[list[SweepRecord], list[str]]:
    """Pull a sweep, or all sweeps of a project, whatever their metrics; progress goes to `stream`.

    Returns:
        The sweeps, oldest first, and a sentence for each kind of runs that belong to none.

    Raises:
        FashionWbError: there is no sweep, or `pull` fails.
    """
    found = _pull(server, path, stream)
    outside = _outside_sweeps(found, path)
    if not found.sweeps:
        raise FashionWbError(" ".join([f"{path}: has no sweeps.", *outside]))
    records = [
        SweepRecord(sweep.name, sweep.sweep_id, sweep.metric, sweep.trials, sweep.config)
        for sweep in found.sweeps
    ]
    return records, outside


def _pull(server: Server, path: WandbPath, stream: TextIO) -> PullResult:
    count = ProgressLine(f"Pulling runs of {path}", stream)
    with open_cache(cache_file(server.url, path)) as cache:
        found = pull_sweeps(server, path, cache, count)
    runs = sum(len(sweep.trials) for sweep in found.sweeps)
    count.finish(f"Pulled {count_of(runs, 'run')} in {count_of(len(found.sweeps), 'sweep')} of {path}")
    return found


def _most_frequent_metric(sweeps: Sequence[PulledSweep]) -> Metric | None:
    """Return the metric and goal of the most runs, the first of equals; None if there is none."""
    runs: Counter[Metric] = Counter()
    for sweep in sweeps:
        if sweep.metric is not None and sweep.trials:
            runs[sweep.metric] += len(sweep.trials)
    return max(runs, key=lambda metric: runs[metric], default=None)


def _record(sweep: PulledSweep, metric: Metric) -> SearchRecord:
    method, replicate = split_name(sweep.name)
    return SearchRecord(method, sweep.sweep_id, metric, sweep.trials, replicate, sweep.parameters)


def _left_out(found: PullResult, metric: Metric | None, path: WandbPath) -> list[str]:
    others = [sweep for sweep in found.sweeps if sweep.trials and (metric is None or sweep.metric != metric)]
    empty = [sweep for sweep in found.sweeps if not sweep.trials]
    sentences = []
    if others:
        why = "no metric" if metric is None else f"metric is not {metric.name}, {metric.goal}"
        sentences.append(f"Left out ({why}): sweeps {_listed(others)}.")
    if empty:
        sentences.append(f"Left out (no runs): sweeps {_listed(empty)}.")
    return [*sentences, *_outside_sweeps(found, path)]


def _outside_sweeps(found: PullResult, path: WandbPath) -> list[str]:
    sentences = []
    if found.pending_runs:
        sentences.append(f"Left out (not started): {count_of(found.pending_runs, 'run')}.")
    if found.runs_without_sweep and path.sweep is None:
        sentences.append(f"Left out (in no sweep): {count_of(found.runs_without_sweep, 'run')}.")
    if not found.sweeps and not found.runs_without_sweep:
        sentences.append("The project has no runs.")
    return sentences


def _listed(sweeps: Sequence[PulledSweep]) -> str:
    return ", ".join(f"{sweep.name} ({sweep.sweep_id}, {_metric_text(sweep.metric)})" for sweep in sweeps)


def _metric_text(metric: Metric | None) -> str:
    return "no metric" if metric is None else f"by {metric.name}, {metric.goal}"
