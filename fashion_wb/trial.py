"""The types that all packages share: metric, trial and the three outcomes of a trial."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fashion_wb.early_stop import Stop


class TrialState(StrEnum):
    """Whether a trial is running, or how it ended.

    The last three are outcomes. Every table, log and report keeps them apart.
    """

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether this is an outcome: finished, stopped or failed."""
        return self is not TrialState.RUNNING


@dataclass(frozen=True)
class Metric:
    """The objective of a sweep: the best value of `name` over everything a run logged.

    Attributes:
        name: the key that runs log.
        goal: "minimize" or "maximize", as W&B spells it.
    """

    name: str
    goal: str = "minimize"

    def values(self, history: Sequence[Mapping[str, Any]]) -> list[float]:
        """Return the metric's finite values, in the order logged."""
        return [float(row[self.name]) for row in history if _is_finite_number(row.get(self.name))]

    def best_row(self, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """Return the row with the best finite value (the first, if several tie), or None if there is none."""
        rows = [row for row in history if _is_finite_number(row.get(self.name))]
        if not rows:
            return None
        pick = max if self.goal == "maximize" else min
        return pick(rows, key=lambda row: row[self.name])

    def best(self, history: Sequence[Mapping[str, Any]]) -> float | None:
        """Return the best finite value logged, or None if there is none."""
        row = self.best_row(history)
        return None if row is None else float(row[self.name])

    def is_better(self, a: float, b: float) -> bool:
        """Tell whether `a` is strictly better than `b`."""
        return a > b if self.goal == "maximize" else a < b


def _is_finite_number(value: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    # JSON has integers that are too large for a float.
    return -sys.float_info.max <= value <= sys.float_info.max


@dataclass(frozen=True)
class Trial:
    """One configuration and its result. A running process of a trial is `WatchedTrial` or `RunningTrial`.

    Attributes:
        number: position in its sweep, from 0.
        run_id: id of the trial's W&B run.
        config: hyperparameters as plain Python values, nested as the sweep file nests them.
        state: running, or one of the three outcomes.
        history: the rows that the run logged, in order, with W&B's own `_step` and `_runtime` (seconds).
        reason: why the trial failed or was stopped early, in words; empty if neither, or if it is not known.
        stop: by which comparison it was stopped early; None if it was not, or the pruner does not tell.
    """

    number: int
    run_id: str
    config: Mapping[str, Any]
    state: TrialState
    history: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    reason: str = ""
    stop: Stop | None = None

    @property
    def seconds(self) -> float:
        """W&B's `_runtime` of the last row that it logged, in seconds; 0 if it logged nothing."""
        return float(self.history[-1].get("_runtime", 0.0)) if self.history else 0.0


@dataclass(frozen=True)
class Outcome:
    """How a trial ended, or RUNNING if it has not; the attributes are those of `Trial`."""

    state: TrialState
    reason: str = ""
    stop: Stop | None = None


def stopped_early(stop: Stop | None) -> Outcome:
    """Return the outcome of a trial that a pruner stops; None if the pruner does not tell why."""
    reason = "early stopping by the scheduler's pruner" if stop is None else stop.sentence
    return Outcome(TrialState.STOPPED, reason, stop)


@dataclass(frozen=True)
class Job:
    """The W&B job type and group of runs that belong to no sweep.

    Attributes:
        type: W&B's job type.
        group: W&B's run group; for reruns of a search's configurations, the search's sweep id.
    """

    type: str
    group: str
