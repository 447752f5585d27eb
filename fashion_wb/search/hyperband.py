"""Hyperband, the early termination of W&B, for the trials of an offline sweep."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Mapping, Sequence
from itertools import compress, count
from typing import Any

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Metric, Trial, TrialState


class HyperbandPruner:
    """Stops the running trials that W&B's server would stop, as `sweeps.stop_runs` does.

    A rung is reached after min_iter * eta**k finite values of the metric. There a running trial is stopped
    unless it is among the best 1/eta of all trials that reached the rung. As in W&B, trials of every state
    are compared: what a failed run logged before it failed was really measured. With `strict: false` a trial
    is stopped only if none of its values, before the rung or after, is among them. The defaults are those of
    W&B's schema (eta 3, strict true).

    The rungs are those of `stop_runs` itself. It would read every value of every trial again at each call,
    0.7 s of it with 10,000 trials; here a trial that has not changed is not looked at again.

    Source: Li et al., Hyperband, JMLR 18 (2018), as implemented in hyperband_stopping.py of wandb/sweeps.

    Args:
        config: the content of the sweep file; only `early_terminate` is read.
        metric: the objective.

    Raises:
        FashionWbError: no metric, or an `early_terminate` block that W&B's rule rejects.
    """

    prunes = True

    def __init__(self, config: Mapping[str, Any], metric: Metric | None) -> None:
        if metric is None:
            raise FashionWbError("early_terminate needs metric: {name: ..., goal: minimize}; got none")
        self._metric = metric
        block = dict(config["early_terminate"])
        try:
            rungs, filled = _wandbs_rungs(block, metric)
        # W&B raises ValueError, TypeError or the ValidationError of jsonschema, which is no dependency here.
        except Exception as error:
            text = getattr(error, "message", error)
            raise FashionWbError(f"early_terminate: W&B's hyperband rejects {block!r}: {text}") from error
        self._eta: float = filled["eta"]
        self._strict = filled.get("strict") is True
        self._all_rungs = rungs
        self._list: Sequence[Trial] | None = None
        self._forget()

    def stop(self, trials: Sequence[Trial], changed: Collection[int] | None = None) -> dict[int, Stop]:
        """Tell which running trials must stop, and why, by number. See `Pruner`."""
        if changed is None or trials is not self._list:
            self._read_all(trials)
        else:
            for position in sorted(changed):
                self._seen[position : position + 1] = [trials[position]]
                self._read_one(trials[position])
        self._list = trials
        stops = {number: self._judge(self._values[number]) for number in sorted(self._running)}
        return {number: stop for number, stop in stops.items() if stop is not None}

    def _forget(self) -> None:
        self._rungs = _Rungs(self._all_rungs, self._eta)
        self._seen: list[Trial] = []
        self._values: dict[int, list[float]] = {}
        self._running: set[int] = set()

    def _read_all(self, trials: Sequence[Trial]) -> None:
        before = len(self._seen)
        # In C, because with 100,000 trials nearly all are the same objects as at the last call.
        changed = list(compress(count(), map(operator.is_not, trials, self._seen)))
        if len(trials) < before or any(trials[k].number != self._seen[k].number for k in changed):
            self._forget()
            changed, before = [], 0
        for position in [*changed, *range(before, len(trials))]:
            self._read_one(trials[position])
        self._seen = list(trials)

    def _read_one(self, trial: Trial) -> None:
        sign = -1.0 if self._metric.goal == "maximize" else 1.0
        values = [sign * value for value in self._metric.values(trial.history)]
        self._rungs.replace(self._values.get(trial.number, []), values)
        self._values[trial.number] = values
        (self._running.add if trial.state is TrialState.RUNNING else self._running.discard)(trial.number)

    def _judge(self, values: Sequence[float]) -> Stop | None:
        """Compare a running trial at the last rung it has reached; smaller values are better."""
        rung = self._rungs.last_reached(values)
        if rung is None:
            return None
        threshold, value = self._rungs.threshold(rung), values[rung - 1]
        if (value if self._strict else min(values)) <= threshold:
            return None
        sign = -1.0 if self._metric.goal == "maximize" else 1.0
        compared = self._rungs.compared(rung)
        return Stop(self._metric.name, rung, sign * value, sign * threshold, compared, self._eta)


class _Rungs:
    """The values of all trials at each rung, in order; smaller ones are better.

    A value comes in by a binary search, so that a decision takes no longer with 100,000 trials than with ten.

    Args:
        rungs: numbers of values, in order.
        eta: about one trial in eta goes on.
    """

    def __init__(self, rungs: Sequence[int], eta: float) -> None:
        self._rungs = sorted(set(rungs))
        self._share = 1.0 / eta
        self._there: dict[int, list[float]] = {}

    def replace(self, old: Sequence[float], new: Sequence[float]) -> None:
        """Put the values of a trial in the place of those that it had before."""
        for rung in self._rungs[: bisect_right(self._rungs, max(len(old), len(new)))]:
            before, after = old[rung - 1 : rung], new[rung - 1 : rung]
            if before != after:
                there = self._there.setdefault(rung, [])
                for value in before:
                    del there[bisect_left(there, value)]
                for value in after:
                    insort(there, value)

    def last_reached(self, values: Sequence[float]) -> int | None:
        """Return the last rung that a trial with these values has reached; None if it has reached none."""
        reached = bisect_right(self._rungs, len(values))
        return self._rungs[reached - 1] if reached else None

    def compared(self, rung: int) -> int:
        """Return how many trials have reached a rung."""
        return len(self._there[rung])

    def threshold(self, rung: int) -> float:
        """Return the worst value that goes on at a rung that a trial has reached."""
        there = self._there[rung]
        return there[int(self._share * len(there))]


def _wandbs_rungs(block: Mapping[str, Any], metric: Metric) -> tuple[list[int], dict[str, Any]]:
    """Return the rungs that W&B's rule notes on a running trial, and the block with its defaults."""
    from fashion_wb.sweepfile.sweeps_package import RunState, SweepRun, fill_hyperband, stop_runs

    config = {"metric": {"name": metric.name, "goal": metric.goal}, "early_terminate": dict(block)}
    run = SweepRun(state=RunState.running)
    stop_runs(config, [run])
    info: dict[str, Any] = run.early_terminate_info or {}
    return list(info["bands"]), fill_hyperband(config)["early_terminate"]
