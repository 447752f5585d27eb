"""Make data frames of searches: one row per trial, or one row per step, a logged value of the objective."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from analysis.records.flat import Kind, as_text, flat_config
from analysis.records.search import SearchRecord
from analysis.records.subject import FIXED, Subject
from fashion_wb.trial import Trial, TrialState

STEP_COLUMNS = (
    *("method", "sweep", "replicate", "run", "number", "state", "step"),
    *("steps_cumulative", "seconds", "seconds_cumulative", "minimised"),
)
# The last numbers of a failed trial may come from a diverging model. A running trial may still fail.
USABLE_STATES = (TrialState.FINISHED.value, TrialState.STOPPED.value)
Row = Mapping[str, Any]


def trial_columns(subject: Subject) -> list[str]:
    """Return the columns of `trials_frame`."""
    before, after = FIXED[:5], FIXED[5:7]
    return [*before, *subject.columns, *after, *subject.result_columns.values(), "minimised"]


def trials_frame(searches: Sequence[SearchRecord], subject: Subject) -> pd.DataFrame:
    """Return one row per trial, ordered by method as given, then by search as given, then by trial number.

    Returns:
        Columns `trial_columns`. `steps` counts the logged values of the objective. `seconds` is the sum of
        the steps' durations, or the run's last `_runtime` if a step has no duration. The objective and the
        other values are those of the best step; they are empty for a failed trial. A value that is not logged
        or not a finite number is empty. `minimised` is the objective, negated if the goal is maximize.
    """
    rows = [
        _trial_row(search, trial, subject) for search in _by_method(searches) for trial in _by_number(search)
    ]
    frame = pd.DataFrame(rows, columns=trial_columns(subject))
    frame["replicate"] = frame["replicate"].astype("int64")
    frame["steps"] = frame["steps"].astype("Int64")
    for name in ("seconds", "minimised", *subject.result_columns.values()):
        frame[name] = frame[name].astype("float64")
    for parameter in subject.parameters:
        if parameter.kind is Kind.NUMBER:
            frame[parameter.column] = as_integers(frame[parameter.column])
    return frame


def steps_frame(searches: Sequence[SearchRecord], subject: Subject) -> pd.DataFrame:
    """Return one row per step, in the order in which each search spent them.

    The order is by `_timestamp`, so that the steps of parallel trials interleave. If any row of a search has
    no `_timestamp`, the order is by trial number.

    Returns:
        Columns STEP_COLUMNS, searches ordered as in `trials_frame`. `step` is the logged epoch if there is
        one, or counted from 1. `steps_cumulative` (from 1) and `seconds_cumulative` run over the whole
        search. The latter is empty from the first step of unknown duration on. `minimised` is the logged
        objective, also of failed trials, negated if the goal is maximize.
    """
    rows = [row for search in _by_method(searches) for row in _search_rows(search, subject)]
    frame = pd.DataFrame(rows, columns=list(STEP_COLUMNS))
    for name in ("step", "seconds", "minimised"):
        frame[name] = frame[name].astype("float64")
    frame["replicate"] = frame["replicate"].astype("int64")
    frame["step"] = as_integers(frame["step"])
    searches_of_rows = frame.groupby(["method", "sweep"], sort=False)
    frame["steps_cumulative"] = searches_of_rows.cumcount() + 1
    frame["seconds_cumulative"] = searches_of_rows["seconds"].cumsum(skipna=False)
    return frame


def incumbent(steps: pd.DataFrame) -> pd.Series:
    """Return the incumbent for every row of a `steps_frame`: the lowest `minimised` so far in its search.

    Failed and running trials spend steps without lowering it, as in `methods.compare`. It is empty until the
    first usable value.
    """
    keys = [steps["method"], steps["sweep"]]
    usable = steps["minimised"].where(steps["state"].isin(USABLE_STATES))
    lowest = usable.groupby(keys, sort=False).cummin()
    return lowest.groupby(keys, sort=False).ffill().rename("incumbent")


def as_integers(values: pd.Series) -> pd.Series:
    """Convert numbers to nullable Int64 if all are integers, else to float64."""
    floats = values.astype("float64")
    known = floats.dropna()
    exact = (known % 1 == 0).all() and (known.abs() < 2**53).all()
    return floats.astype("Int64") if exact else floats


def finite_or_nan(value: Any) -> float:
    """Return `value` as a float; NaN if it is None, not a number or not finite."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if real and math.isfinite(value) else math.nan


def _by_method(searches: Sequence[SearchRecord]) -> list[SearchRecord]:
    order = list(dict.fromkeys(search.method for search in searches))
    return sorted(searches, key=lambda search: order.index(search.method))


def _by_number(search: SearchRecord) -> list[Trial]:
    return sorted(search.trials, key=lambda trial: trial.number)


def _steps(trial: Trial, subject: Subject) -> list[Row]:
    """Return the rows with a logged objective; a value that is not finite still counts as a step."""
    return [row for row in trial.history if row.get(subject.metric.name) is not None]


def _trial_row(search: SearchRecord, trial: Trial, subject: Subject) -> dict[str, Any]:
    failed = trial.state is TrialState.FAILED
    best = None if failed else subject.metric.best_row(trial.history)
    steps, config = _steps(trial, subject), flat_config(trial.config)
    found = {name: _at(name, best, trial.history) for name in subject.result_columns}
    return {
        "method": search.method,
        "sweep": search.sweep,
        "replicate": search.replicate,
        "run": trial.run_id,
        "state": trial.state.value,
        **{one.column: _value(one.kind, config, one.name) for one in subject.parameters},
        "steps": len(steps),
        "seconds": _trial_seconds(steps, trial.history, subject),
        **{column: found[name] for name, column in subject.result_columns.items()},
        "minimised": subject.sign * found[subject.metric.name],
    }


def _value(kind: Kind, config: Row, name: str) -> Any:
    if kind is Kind.NUMBER:
        return finite_or_nan(config.get(name))
    return as_text(config[name]) if name in config else None


def _at(name: str, best: Row | None, history: Sequence[Row]) -> float:
    """Return a value at the best step: programs may log it in a row of its own, before or after."""
    if best is None:
        return math.nan
    if name in best:
        return finite_or_nan(best[name])
    place = next(position for position, row in enumerate(history) if row is best)
    near = [*history[place::-1], *history[place:]]
    return next((finite_or_nan(row[name]) for row in near if name in row), math.nan)


def _trial_seconds(steps: list[Row], history: Sequence[Row], subject: Subject) -> float:
    total = math.fsum(_durations(steps, subject))
    if steps and not math.isnan(total):
        return total
    runtimes = [finite_or_nan(row.get("_runtime")) for row in history]
    return next((value for value in reversed(runtimes) if not math.isnan(value)), math.nan)


def _durations(steps: list[Row], subject: Subject) -> list[float]:
    if subject.step_seconds is None:
        return [math.nan for _ in steps]
    return [finite_or_nan(row.get(subject.step_seconds)) for row in steps]


def _step_seconds(steps: list[Row], subject: Subject) -> list[float]:
    seconds = _durations(steps, subject)
    if not any(math.isnan(value) for value in seconds):
        return seconds
    ends = [0.0, *(finite_or_nan(row.get("_runtime")) for row in steps)]
    return [end - start for start, end in pairwise(ends)]


def _search_rows(search: SearchRecord, subject: Subject) -> Iterator[dict[str, Any]]:
    rows = [row for trial in _by_number(search) for row in _timed_rows(search, trial, subject)]
    if not any(math.isnan(stamp) for stamp, _ in rows):
        rows.sort(key=lambda pair: pair[0])
    return (row for _, row in rows)


def _timed_rows(
    search: SearchRecord, trial: Trial, subject: Subject
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield a trial's steps, each with its `_timestamp`."""
    steps = _steps(trial, subject)
    seconds = _step_seconds(steps, subject)
    for position, (logged, duration) in enumerate(zip(steps, seconds, strict=True), start=1):
        epoch = finite_or_nan(logged.get("epoch"))
        yield (
            finite_or_nan(logged.get("_timestamp")),
            {
                "method": search.method,
                "sweep": search.sweep,
                "replicate": search.replicate,
                "run": trial.run_id,
                "number": trial.number,
                "state": trial.state.value,
                "step": position if math.isnan(epoch) else epoch,
                "seconds": duration,
                "minimised": subject.sign * finite_or_nan(logged.get(subject.metric.name)),
            },
        )
