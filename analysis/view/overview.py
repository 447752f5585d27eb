"""What runs, what was found and what is left, over everything that is watched, as the browser gets it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from analysis.records.search_name import split_name
from analysis.view.rows import curve
from analysis.view.watched import Watched
from fashion_wb.trial import TrialState

RUNNING, STOPPED, FAILED = (str(one) for one in (TrialState.RUNNING, TrialState.STOPPED, TrialState.FAILED))
# The best value of a failed trial may come from a diverging model; see analysis.records.frames.
_USABLE = (str(TrialState.FINISHED), STOPPED)
_LAST_ENDED = 8

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Sweeps that are compared with each other.

    Attributes:
        key: names it in addresses.
        name: its folder or path, for people.
        study: whether it is a study, whose conditions are recorded.
    """

    key: str
    name: str
    study: bool


def summary(sweep: Watched, rows: Mapping[str, Row]) -> dict[str, Any]:
    """Return what the browser shows of one sweep; `rows` are its trials by `rows.trial_row`."""
    trials = tuple(rows.values())
    counts = Counter(row["state"] for row in trials)
    ended = [row for row in trials if row["state"] != RUNNING]
    starts = [row["started"] for row in trials if row["started"] is not None]
    updates = [row["updated"] for row in trials if row["updated"] is not None]
    method, replicate = split_name(sweep.name)
    return {
        "key": sweep.key,
        "id": sweep.sweep_id,
        "name": sweep.name,
        "method": method,
        "replicate": replicate,
        "place": sweep.place,
        "group": sweep.group,
        "metric": None if sweep.metric is None else sweep.metric.name,
        "goal": None if sweep.metric is None else sweep.metric.goal,
        "cap": sweep.cap,
        "trials": len(trials) + sweep.unread,
        "unread": sweep.unread,
        "counts": dict(counts),
        "steps": sum(row["steps"] for row in trials),
        "best": best(sweep, trials),
        "mean_seconds": fmean([row["seconds"] or 0.0 for row in ended]) if ended else None,
        "started": min(starts, default=None),
        "updated": max(updates, default=None),
        "running": sweep.running,
        "troubles": list(sweep.troubles.values())[:5],
    }


def best(sweep: Watched, trials: Iterable[Row]) -> Row | None:
    """Return the best finished or stopped trial, the first of equals; None without one."""
    usable = [row for row in trials if row["state"] in _USABLE and row["value"] is not None]
    if sweep.metric is None or not usable:
        return None
    sign = -1 if sweep.metric.goal == "maximize" else 1
    return min(usable, key=lambda row: (sign * row["value"], row["number"]))


def group_summary(group: Group, sweeps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the browser shows of sweeps that belong together, by their summaries."""
    active = [one for one in sweeps if one["running"] is not False]
    at_once = sum(one["counts"].get(RUNNING, 0) for one in active)
    means = [one["mean_seconds"] for one in sweeps if one["mean_seconds"] is not None]
    left: float | None = 0.0
    for one in active:
        ended = sum(n for state, n in one["counts"].items() if state != RUNNING)
        mean = one["mean_seconds"] if one["mean_seconds"] is not None else (fmean(means) if means else None)
        if one["cap"] is None or mean is None or at_once == 0:
            left = None
            break
        assert left is not None
        left += max(0, one["cap"] - ended) * mean / at_once
    return {
        "key": group.key,
        "name": group.name,
        "study": group.study,
        "sweeps": [one["key"] for one in sweeps],
        "seconds_left": left if at_once else None,
    }


def running_trial(sweep: Watched, row: Row, longest: int, now: float) -> dict[str, Any]:
    """Return a running trial with its curve, and the seconds that it still takes if it is as long as the
    longest so far, of `longest` steps; None if that is unknown.
    """
    seen = sweep.trials[row["run"]]
    spent = now - seen.started if seen.started is not None else math.nan
    steps = row["steps"]
    known = steps > 0 and longest > steps and math.isfinite(spent)
    per_step = (seen.seconds or spent) / steps if steps else math.nan
    return {
        **row,
        "curve": curve(seen.trial, sweep.metric),
        "longest": longest,
        "seconds_left": max(0.0, longest * per_step - spent) if known else None,
        "interrupted": sweep.running is False,
    }


def last_ended(rows: Iterable[Row], most: int = _LAST_ENDED) -> list[Row]:
    """Return the trials that were stopped or failed last, with their reasons, the last one first."""
    troubled = [row for row in rows if row["state"] in (STOPPED, FAILED)]
    return sorted(troubled, key=lambda row: row["updated"] or 0.0, reverse=True)[:most]
