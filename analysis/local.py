"""Offline sweeps as the analysis sees them."""

from __future__ import annotations

from analysis.searchname import split_name
from analysis.space import ranges
from analysis.table import SearchRecord
from fashion_wb.errors import FashionWbError
from fashion_wb.sweepdir import SweepDir


def search_record(folder: SweepDir) -> SearchRecord:
    """A sweep and its trials, read from the runs' own logs.

    Raises:
        FashionWbError: the sweep names no metric to compare by, or a log is damaged.
    """
    sweep = folder.sweep
    if sweep.metric is None:
        raise FashionWbError(
            f"{folder.root}: the sweep names no metric, so there is nothing to compare it by"
        )
    method, replicate = split_name(sweep.name)
    space = ranges(sweep.config["parameters"])
    return SearchRecord(method, folder.sweep_id, sweep.metric, tuple(folder.read_trials()), replicate, space)
