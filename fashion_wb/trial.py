"""What every room passes to the next: a metric, a trial and its three outcomes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TrialState(StrEnum):
    """How far a trial has come; the last three are outcomes and stay distinct everywhere."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether this is an outcome."""
        return self is not TrialState.RUNNING


@dataclass(frozen=True)
class Metric:
    """The objective of a sweep: the best value of `name` over everything a run logged.

    `goal` is "minimize" or "maximize", W&B's words.
    """

    name: str
    goal: str = "minimize"

    def values(self, history: Sequence[Mapping[str, Any]]) -> list[float]:
        """The finite values of the metric, in the order logged."""
        found = (row.get(self.name) for row in history)
        return [float(v) for v in found if _is_number(v)]

    def best_row(self, history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The row with the best finite value (the first of equals), or None if there is none."""
        rows = [row for row in history if _is_number(row.get(self.name))]
        if not rows:
            return None
        pick = max if self.goal == "maximize" else min
        return pick(rows, key=lambda row: row[self.name])

    def best(self, history: Sequence[Mapping[str, Any]]) -> float | None:
        """The best finite value logged, or None if there is none."""
        row = self.best_row(history)
        return None if row is None else float(row[self.name])

    def better(self, a: float, b: float) -> bool:
        """Whether `a` is strictly better than `b`."""
        return a > b if self.goal == "maximize" else a < b


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class Trial:
    """One configuration and what became of it.

    Attributes:
        number: position in its sweep, from 0.
        run_id: the W&B run that the trial is.
        config: hyperparameters as plain Python values, nested as the sweep file nests them.
        state: running, or one of the three outcomes.
        history: the rows the run logged, in order, with W&B's own `_step` and `_runtime` (seconds).
        reason: why a failed trial failed; empty otherwise.
    """

    number: int
    run_id: str
    config: Mapping[str, Any]
    state: TrialState
    history: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    reason: str = ""


@dataclass(frozen=True)
class Job:
    """What runs are to W&B that belong to no sweep.

    Attributes:
        type: W&B's job type.
        group: the runs' group; for those that train a search's configurations again, the search's sweep id.
    """

    type: str
    group: str
