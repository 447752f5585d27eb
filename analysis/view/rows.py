"""The table of a watched sweep's trials, as the browser gets it: one row each."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from analysis.records.flat import flat_config, varying_parameters
from analysis.records.search_name import split_name
from analysis.view.watched import Watched
from fashion_wb.sweep_folder.following import SeenTrial
from fashion_wb.trial import Metric, Trial

# The last points of a running trial's curve; a card is not wider.
MAX_POINTS = 200


def parameters_of(sweep: Watched) -> tuple[str, ...]:
    """Name the parameters that a sweep varies, in their order; those nested have dots."""
    configs = (seen.trial.config for seen in tuple(sweep.trials.values()))
    # Looking at all configurations takes long, and is needed only where no search space is known.
    return tuple(varying_parameters(sweep.parameters, () if sweep.parameters else configs))


def trial_row(seen: SeenTrial, sweep: Watched, parameters: Collection[str]) -> dict[str, Any]:
    """Return a trial as the browser gets it; what is unknown or not finite is None.

    Keys: run, number, state, method, replicate, sweep (the key of its sweep), value (the best of its
    metric), last, steps (logged values of the metric), seconds, started and updated (seconds since 1970),
    reason, stop, config (the parameters named).
    """
    trial, metric = seen.trial, sweep.metric
    values = [] if metric is None else metric.values(trial.history)
    config = flat_config(trial.config)
    method, replicate = split_name(sweep.name)
    return {
        "run": trial.run_id,
        "number": trial.number,
        "state": str(trial.state),
        "method": method,
        "replicate": replicate,
        "sweep": sweep.key,
        "value": None if metric is None else metric.best(trial.history),
        "last": values[-1] if values else None,
        "steps": len(values),
        "seconds": plain(seen.seconds),
        "started": seen.started,
        "updated": plain(seen.updated),
        "reason": trial.reason,
        "config": {name: plain(config.get(name)) for name in parameters},
    }


def curve(trial: Trial, metric: Metric | None, most: int = MAX_POINTS) -> list[tuple[float, float]]:
    """Return pairs of step and value of the metric, at most `most`, the last one included.

    The step is the epoch that was logged with it, or else its position from 1.
    """
    if metric is None:
        return []
    rows = [row for row in trial.history if metric.values([row])]
    pairs = [(_step(row, at), float(row[metric.name])) for at, row in enumerate(rows, 1)]
    every = max(1, math.ceil(len(pairs) / most))
    return pairs[::-every][::-1]


def plain(value: Any) -> Any:
    """Return a value as JSON has it: what is not finite is None, and what is no plain value is text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _step(row: Mapping[str, Any], position: int) -> float:
    epoch = row.get("epoch")
    known = isinstance(epoch, (int, float)) and not isinstance(epoch, bool) and math.isfinite(epoch)
    return epoch if known and epoch is not None else position
