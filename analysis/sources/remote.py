"""Pull the records of sweeps from W&B's server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from analysis.formatting import count_of
from analysis.records.frames import RESULTS
from analysis.records.search import SearchRecord
from analysis.records.search_name import split_name
from analysis.records.space import ranges
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

    Three things are left out and listed: sweeps whose metric train.py does not log, sweeps without runs, and
    runs outside any sweep.

    Raises:
        FashionWbError: nothing is left to compare, or `pull` fails.
    """
    count = ProgressLine(f"Pulling runs of {path}", stream)
    with open_cache(cache_file(server.url, path)) as cache:
        found = pull_sweeps(server, path, cache, count)
    runs = sum(len(sweep.trials) for sweep in found.sweeps)
    count.finish(f"Pulled {count_of(runs, 'run')} in {count_of(len(found.sweeps), 'sweep')} of {path}")
    usable = [
        _record(sweep, metric)
        for sweep in found.sweeps
        if sweep.trials and (metric := _our_metric(sweep)) is not None
    ]
    left_out = tuple(_left_out(found, path))
    if not usable:
        raise FashionWbError(" ".join([f"{path}: there is nothing to compare.", *left_out]))
    return Pulled(tuple(usable), left_out)


def _our_metric(sweep: PulledSweep) -> Metric | None:
    """Return the sweep's metric if train.py logs it."""
    return sweep.metric if sweep.metric is not None and sweep.metric.name in RESULTS else None


def _record(sweep: PulledSweep, metric: Metric) -> SearchRecord:
    method, replicate = split_name(sweep.name)
    return SearchRecord(method, sweep.sweep_id, metric, sweep.trials, replicate, ranges(sweep.parameters))


def _left_out(found: PullResult, path: WandbPath) -> list[str]:
    others = [sweep for sweep in found.sweeps if _our_metric(sweep) is None]
    empty = [sweep for sweep in found.sweeps if _our_metric(sweep) and not sweep.trials]
    sentences = []
    if others:
        sentences.append(f"Left out (metric is not one of {', '.join(RESULTS)}): sweeps {_listed(others)}.")
    if empty:
        sentences.append(f"Left out (no runs): sweeps {_listed(empty)}.")
    if found.pending_runs:
        sentences.append(f"Left out (not started): {count_of(found.pending_runs, 'run')}.")
    if found.runs_without_sweep and path.sweep is None:
        sentences.append(f"Left out (in no sweep): {count_of(found.runs_without_sweep, 'run')}.")
    if not found.sweeps and not found.runs_without_sweep:
        sentences.append("The project has no runs.")
    return sentences


def _listed(sweeps: Sequence[PulledSweep]) -> str:
    return ", ".join(
        f"{sweep.name} ({sweep.sweep_id}, by {sweep.metric.name if sweep.metric else 'no metric'})"
        for sweep in sweeps
    )
