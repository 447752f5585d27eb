"""Make data frames of searches: one row per trial, or one row per epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from analysis.records.search import SearchRecord
from fashion_wb.trial import Trial, TrialState

INTEGERS = ("filters", "units1", "units2")
RESULTS = ("valid_loss", "train_loss", "valid_accuracy")
TRIAL_COLUMNS = (
    "method",
    "sweep",
    "replicate",
    "run",
    "state",
    *INTEGERS,
    "lr",
    "epochs",
    "seconds",
    *RESULTS,
)
EPOCH_COLUMNS = (
    *("method", "sweep", "replicate", "run", "number", "state", "epoch"),
    *("epochs_cumulative", "seconds", "seconds_cumulative", *RESULTS),
)
# The last numbers of a failed trial may come from a diverging model. A running trial may still fail.
USABLE_STATES = (TrialState.FINISHED.value, TrialState.STOPPED.value)


def trials_frame(searches: Sequence[SearchRecord]) -> pd.DataFrame:
    """Return one row per trial, ordered by method as given, then by search as given, then by trial number.

    Returns:
        Columns TRIAL_COLUMNS. `epochs` counts the epochs trained, not those configured. `seconds` is the sum
        of the epochs' durations, or the run's last `_runtime` if an epoch has no duration. The losses and the
        accuracy in [0, 1] are those of the epoch with the best metric; they are empty for a failed trial.
        A value that is not logged or not a finite number is empty.
    """
    rows = [_trial_row(search, trial) for search in _by_method(searches) for trial in _by_number(search)]
    frame = pd.DataFrame(rows, columns=list(TRIAL_COLUMNS))
    frame["replicate"] = frame["replicate"].astype("int64")
    frame["epochs"] = frame["epochs"].astype("Int64")
    for name in ("lr", "seconds", *RESULTS):
        frame[name] = frame[name].astype("float64")
    for name in INTEGERS:
        frame[name] = as_integers(frame[name])
    return frame


def epochs_frame(searches: Sequence[SearchRecord]) -> pd.DataFrame:
    """Return one row per trained epoch, in the order in which each search spent them.

    The order is by `_timestamp`, so that the epochs of parallel trials interleave. If any row of a search has
    no `_timestamp`, the order is by trial number.

    Returns:
        Columns EPOCH_COLUMNS, searches ordered as in `trials_frame`. `epoch` is as logged, or counted from
        1. `epochs_cumulative` (from 1) and `seconds_cumulative` run over the whole search. The latter is
        empty from the first epoch of unknown duration on. Losses are as logged, also those of failed trials.
    """
    rows = [row for search in _by_method(searches) for row in _search_rows(search)]
    frame = pd.DataFrame(rows, columns=list(EPOCH_COLUMNS))
    for name in ("epoch", "seconds", *RESULTS):
        frame[name] = frame[name].astype("float64")
    frame["replicate"] = frame["replicate"].astype("int64")
    frame["epoch"] = as_integers(frame["epoch"])
    searches_of_rows = frame.groupby(["method", "sweep"], sort=False)
    frame["epochs_cumulative"] = searches_of_rows.cumcount() + 1
    frame["seconds_cumulative"] = searches_of_rows["seconds"].cumsum(skipna=False)
    return frame


def incumbent(epochs: pd.DataFrame) -> pd.Series:
    """Return the incumbent for every row of an `epochs_frame`: the lowest `valid_loss` so far in its search.

    Failed and running trials spend epochs without lowering it, as in `methods.compare`. It is empty until the
    first usable value.
    """
    keys = [epochs["method"], epochs["sweep"]]
    usable = epochs["valid_loss"].where(epochs["state"].isin(USABLE_STATES))
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


def _epochs(search: SearchRecord, trial: Trial) -> list[Mapping[str, Any]]:
    """Return the rows with a logged metric; a value that is not finite still counts as an epoch."""
    return [row for row in trial.history if row.get(search.metric.name) is not None]


def _trial_row(search: SearchRecord, trial: Trial) -> dict[str, Any]:
    failed = trial.state is TrialState.FAILED
    best = None if failed else search.metric.best_row(trial.history)
    epochs = _epochs(search, trial)
    return {
        "method": search.method,
        "sweep": search.sweep,
        "replicate": search.replicate,
        "run": trial.run_id,
        "state": trial.state.value,
        **{name: finite_or_nan(trial.config.get(name)) for name in (*INTEGERS, "lr")},
        "epochs": len(epochs),
        "seconds": _trial_seconds(epochs, trial.history),
        **{name: finite_or_nan((best or {}).get(name)) for name in RESULTS},
    }


def _trial_seconds(epochs: list[Mapping[str, Any]], history: Sequence[Mapping[str, Any]]) -> float:
    total = math.fsum(finite_or_nan(row.get("seconds")) for row in epochs)
    if epochs and not math.isnan(total):
        return total
    runtimes = [finite_or_nan(row.get("_runtime")) for row in history]
    return next((value for value in reversed(runtimes) if not math.isnan(value)), math.nan)


def _epoch_seconds(epochs: list[Mapping[str, Any]]) -> list[float]:
    seconds = [finite_or_nan(row.get("seconds")) for row in epochs]
    if not any(math.isnan(value) for value in seconds):
        return seconds
    ends = [0.0, *(finite_or_nan(row.get("_runtime")) for row in epochs)]
    return [end - start for start, end in pairwise(ends)]


def _search_rows(search: SearchRecord) -> Iterator[dict[str, Any]]:
    rows = [row for trial in _by_number(search) for row in _timed_rows(search, trial)]
    if not any(math.isnan(stamp) for stamp, _ in rows):
        rows.sort(key=lambda pair: pair[0])
    return (row for _, row in rows)


def _timed_rows(search: SearchRecord, trial: Trial) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield a trial's epochs, each with its `_timestamp`."""
    epochs = _epochs(search, trial)
    for position, (logged, seconds) in enumerate(zip(epochs, _epoch_seconds(epochs), strict=True), start=1):
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
                "epoch": position if math.isnan(epoch) else epoch,
                "seconds": seconds,
                **{name: finite_or_nan(logged.get(name)) for name in RESULTS},
            },
        )
