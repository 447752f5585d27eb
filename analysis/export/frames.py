"""Sweeps and studies as data frames: a row for each trial, or a row for each logged row.

```python
from analysis.export.frames import steps, trials

frame = trials("study")
```
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.export.columns import column, free_name, times
from analysis.records.flat import flat_config
from analysis.records.frames import finite_or_nan
from analysis.records.sweep import SweepRecord
from analysis.sources.places import parse_place, read_sweeps
from fashion_wb.trial import Trial, TrialState

# Every table has these; a parameter or logged value of the same name gets "config." or "logged." before it.
TRIAL_COLUMNS = (
    *("method", "sweep", "replicate", "run", "number", "state", "reason", "start", "end", "steps", "seconds"),
)
STEP_COLUMNS = ("method", "sweep", "replicate", "run", "number")


def trials(*sources: str | Path) -> pd.DataFrame:
    """Return one row for each trial of some sweeps, in the order of the sources, then by trial number.

    Args:
        sources: folders with offline sweeps in them or below, or ENTITY/PROJECT or ENTITY/PROJECT/SWEEP_ID on
            W&B's server.

    Returns:
        - `method` and `replicate` are the two parts of the sweep's name: bayes-r3 is replicate 3 of bayes.
          `sweep` and `run` are W&B's ids, `number` counts a sweep's trials from 0.
        - `state` is finished, stopped, failed or running; `reason` says why, where that is known.
        - `start` and `end` are in UTC, from the times that the run logged; a running trial has no end.
        - Every parameter has a column, constants too; a nested one has a dotted name.
        - `steps` counts the logged values of the objective, or all logged rows in a sweep without a metric.
          `seconds` is W&B's `_runtime` of the last row that has one.
        - A column with the name of each sweep's metric has the best value that a trial logged. It is empty
          for failed trials, and missing if no sweep has a metric.

    Raises:
        FashionWbError: a source has no sweep, a sweep is given twice, a log is damaged, or the server does
            not answer.
    """
    return trials_table(_read(sources))


def steps(*sources: str | Path) -> pd.DataFrame:
    """Return one row for each row that the trials of some sweeps logged, by trial as in `trials`.

    Args:
        sources: as for `trials`.

    Returns:
        Columns STEP_COLUMNS, as in `trials`, then one for each logged value, with W&B's `_step`, `_runtime`
        (seconds since the run's start) and `_timestamp` (seconds since 1970). What a row does not have is
        empty.

    Raises:
        FashionWbError: as for `trials`.
    """
    return steps_table(_read(sources))


def trials_table(sweeps: Sequence[SweepRecord]) -> pd.DataFrame:
    """Return the frame of `trials` for sweeps that have been read."""
    each = [(sweep, trial) for sweep in sweeps for trial in sweep.ordered]
    configs = [flat_config(trial.config) for _, trial in each]
    data: dict[str, pd.Series] = {
        **_identity(each),
        "state": pd.Series([trial.state.value for _, trial in each], dtype="str"),
        "reason": column([trial.reason or None for _, trial in each]),
        "start": times([start(trial) for _, trial in each]),
        "end": times([end(trial) for _, trial in each]),
    }
    metrics = dict.fromkeys(sweep.metric for sweep in sweeps if sweep.metric is not None)
    results = dict.fromkeys(metric.name for metric in metrics)
    taken = {*TRIAL_COLUMNS, *(free_name(name, TRIAL_COLUMNS, "logged") for name in results)}
    for name in dict.fromkeys(name for config in configs for name in config):
        data[free_name(name, taken, "config")] = column([config.get(name) for config in configs])
    data["steps"] = pd.Series([_count(*one) for one in each], dtype="int64")
    data["seconds"] = pd.Series([_seconds(trial) for _, trial in each], dtype="float64")
    for name in results:
        values = [_best(sweep, trial, name) for sweep, trial in each]
        data[free_name(name, TRIAL_COLUMNS, "logged")] = pd.Series(values, dtype="float64")
    return pd.DataFrame(data)


def steps_table(sweeps: Sequence[SweepRecord]) -> pd.DataFrame:
    """Return the frame of `steps` for sweeps that have been read."""
    each = [(sweep, trial, row) for sweep in sweeps for trial in sweep.ordered for row in trial.history]
    data = _identity([(sweep, trial) for sweep, trial, _ in each])
    for name in dict.fromkeys(name for _, _, row in each for name in row):
        data[free_name(name, STEP_COLUMNS, "logged")] = column([row.get(name) for _, _, row in each])
    return pd.DataFrame(data)


def start(trial: Trial) -> float | None:
    """Return when a trial's run started, in seconds since 1970; None if it logged no time."""
    first = next((row for row in trial.history if _time(row) is not None), None)
    if first is None:
        return None
    runtime = finite_or_nan(first.get("_runtime"))
    return finite_or_nan(first["_timestamp"]) - (0.0 if math.isnan(runtime) else runtime)


def end(trial: Trial) -> float | None:
    """Return when a trial that has ended logged its last row; None if that is not known."""
    if not trial.state.ended:
        return None
    return next((found for row in reversed(trial.history) if (found := _time(row)) is not None), None)


def _read(sources: Iterable[str | Path]) -> list[SweepRecord]:
    sweeps, outside = read_sweeps([parse_place(source) for source in sources], sys.stderr)
    for sentence in outside:
        print(sentence, file=sys.stderr)
    return sweeps


def _identity(each: Sequence[tuple[SweepRecord, Trial]]) -> dict[str, pd.Series]:
    return {
        "method": pd.Series([sweep.method for sweep, _ in each], dtype="str"),
        "sweep": pd.Series([sweep.sweep for sweep, _ in each], dtype="str"),
        "replicate": pd.Series([sweep.replicate for sweep, _ in each], dtype="int64"),
        "run": pd.Series([trial.run_id for _, trial in each], dtype="str"),
        "number": pd.Series([trial.number for _, trial in each], dtype="int64"),
    }


def _time(row: Mapping[str, Any]) -> float | None:
    found = finite_or_nan(row.get("_timestamp"))
    return None if math.isnan(found) else found


def _count(sweep: SweepRecord, trial: Trial) -> int:
    if sweep.metric is None:
        return len(trial.history)
    return sum(row.get(sweep.metric.name) is not None for row in trial.history)


def _seconds(trial: Trial) -> float:
    runtimes = [finite_or_nan(row.get("_runtime")) for row in trial.history]
    return next((value for value in reversed(runtimes) if not math.isnan(value)), math.nan)


def _best(sweep: SweepRecord, trial: Trial, name: str) -> float:
    if sweep.metric is None or sweep.metric.name != name or trial.state is TrialState.FAILED:
        return math.nan
    return finite_or_nan(sweep.metric.best(trial.history))
