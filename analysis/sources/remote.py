"""Sweeps on W&B's server as the analysis sees them."""

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
from fashion_wb.server.pull import Pull, PulledSweep, pull


@dataclass(frozen=True)
class Pulled:
    """What a W&B project or sweep holds for a comparison.

    Attributes:
        searches: its sweeps, oldest first.
        left_out: a sentence for each kind of thing that is there and cannot be compared.
    """

    searches: tuple[SearchRecord, ...]
    left_out: tuple[str, ...]


def search_records(server: Server, path: WandbPath, stream: TextIO) -> Pulled:
    """Pull a sweep, or all sweeps of a project; progress goes to `stream`.

    Sweeps of other programs, which do not search by one of the values that train.py logs, sweeps without
    runs and runs outside any sweep are left out and named.

    Raises:
        FashionWbError: nothing is left to compare, or as `pull`.
    """
    count = ProgressLine(f"Pulling runs of {path}", stream)
    with open_cache(cache_file(server.url, path)) as cache:
        found = pull(server, path, cache, count)
    runs = sum(len(sweep.trials) for sweep in found.sweeps)
    count.end(f"Pulled {count_of(runs, 'run')} in {count_of(len(found.sweeps), 'sweep')} of {path}")
    usable = [sweep for sweep in found.sweeps if sweep.trials and _is_ours(sweep)]
    left_out = tuple(_left_out(found, path))
    if not usable:
        raise FashionWbError(" ".join([f"{path}: there is nothing to compare.", *left_out]))
    return Pulled(tuple(_record(sweep) for sweep in usable), left_out)


def _is_ours(sweep: PulledSweep) -> bool:
    return sweep.metric is not None and sweep.metric.name in RESULTS


def _record(sweep: PulledSweep) -> SearchRecord:
    assert sweep.metric is not None
    method, replicate = split_name(sweep.name)
    space = ranges(sweep.parameters)
    return SearchRecord(method, sweep.sweep_id, sweep.metric, sweep.trials, replicate, space)


def _left_out(found: Pull, path: WandbPath) -> list[str]:
    others = [sweep for sweep in found.sweeps if not _is_ours(sweep)]
    empty = [sweep for sweep in found.sweeps if _is_ours(sweep) and not sweep.trials]
    sentences = []
    if others:
        sentences.append(
            f"Left out, because their metric is none of {', '.join(RESULTS)}: sweeps {_listed(others)}."
        )
    if empty:
        sentences.append(f"Left out, because no run has been started: sweeps {_listed(empty)}.")
    if found.waiting:
        sentences.append(f"Left out, because waiting to be started: {count_of(found.waiting, 'run')}.")
    if found.outside and path.sweep is None:
        sentences.append(f"Left out, because in no sweep: {count_of(found.outside, 'run')}.")
    if not found.sweeps and not found.outside:
        sentences.append("The project has no runs.")
    return sentences


def _listed(sweeps: Sequence[PulledSweep]) -> str:
    return ", ".join(
        f"{sweep.name} ({sweep.sweep_id}, by {sweep.metric.name if sweep.metric else 'no metric'})"
        for sweep in sweeps
    )
