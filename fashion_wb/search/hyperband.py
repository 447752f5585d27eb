"""Hyperband, the early termination of W&B, for the trials of an offline sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Metric, Trial, TrialState


class HyperbandPruner:
    """Stops the running trials that W&B's server would stop, by `sweeps.stop_runs`.

    A rung is reached after min_iter * eta**k finite values of the metric. There a running trial is stopped
    unless it is among the best 1/eta of all trials that reached the rung. As in W&B, trials of every state
    are compared: what a failed run logged before it failed was really measured. The defaults are those of
    W&B's schema (eta 3, strict true).

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
        self._config = {
            "metric": {"name": metric.name, "goal": metric.goal},
            "early_terminate": dict(config["early_terminate"]),
        }
        try:
            self.stop([])
        # W&B raises ValueError, TypeError or the ValidationError of jsonschema, which is no dependency here.
        except Exception as error:
            block = self._config["early_terminate"]
            text = getattr(error, "message", error)
            raise FashionWbError(f"early_terminate: W&B's hyperband rejects {block!r}: {text}") from error

    def stop(self, trials: Sequence[Trial]) -> set[int]:
        """Return the numbers of the running trials that must stop, given all trials in any order."""
        from fashion_wb.sweepfile.sweeps_package import RunState, SweepRun, stop_runs

        runs = [
            SweepRun(
                name=str(trial.number),
                state=RunState.running if trial.state is TrialState.RUNNING else RunState.finished,
                history=[{self._metric.name: value} for value in self._metric.values(trial.history)],
            )
            for trial in trials
        ]
        return {int(run.name) for run in stop_runs(self._config, runs)}
