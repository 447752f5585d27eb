"""Hyperband, the early termination of W&B, for the trials of an offline sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.trial import Metric, Trial, TrialState

if TYPE_CHECKING:
    from fashion_wb.sweepfile.sweeps_package import SweepRun


class HyperbandPruner:
    """Stops the running trials that W&B's server would stop, by `sweeps.stop_runs`.

    A rung is reached after min_iter * eta**k finite values of the metric. There a running trial is stopped
    unless it is among the best 1/eta of all trials that reached the rung. As in W&B, trials of every state
    are compared: what a failed run logged before it failed was really measured. With `strict: false` a trial
    is stopped only if none of its values, before the rung or after, is among them. The defaults are those of
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
        from fashion_wb.sweepfile.sweeps_package import fill_hyperband

        if metric is None:
            raise FashionWbError("early_terminate needs metric: {name: ..., goal: minimize}; got none")
        self._metric = metric
        self._config = {
            "metric": {"name": metric.name, "goal": metric.goal},
            "early_terminate": dict(config["early_terminate"]),
        }
        try:
            self.stop([])
            self._eta: float = fill_hyperband(self._config)["early_terminate"]["eta"]
        # W&B raises ValueError, TypeError or the ValidationError of jsonschema, which is no dependency here.
        except Exception as error:
            block = self._config["early_terminate"]
            text = getattr(error, "message", error)
            raise FashionWbError(f"early_terminate: W&B's hyperband rejects {block!r}: {text}") from error

    def stop(self, trials: Sequence[Trial]) -> dict[int, Stop]:
        """Tell which running trials must stop, and why, by number; given all trials in any order."""
        from fashion_wb.sweepfile.sweeps_package import RunState, SweepRun, stop_runs

        runs = [
            SweepRun(
                name=str(trial.number),
                state=RunState.running if trial.state is TrialState.RUNNING else RunState.finished,
                history=[{self._metric.name: value} for value in self._metric.values(trial.history)],
            )
            for trial in trials
        ]
        return {int(run.name): self._comparison(run, runs) for run in stop_runs(self._config, runs)}

    def _comparison(self, stopped: SweepRun, runs: Sequence[SweepRun]) -> Stop:
        """Say what `stop_runs` compared for a run that it stops: values at the last rung it has reached."""
        # stop_runs notes its rungs and their thresholds on each running run; it computes with negated values
        # if the goal is to maximize.
        info = stopped.early_terminate_info
        reached = [rung for rung in info["bands"] if rung <= len(stopped.history)]
        rung, threshold = reached[-1], float(info["thresholds"][len(reached) - 1])
        return Stop(
            metric=self._metric.name,
            rung=rung,
            value=stopped.history[rung - 1][self._metric.name],
            threshold=-threshold if self._metric.goal == "maximize" else threshold,
            compared=sum(len(run.history) >= rung for run in runs),
            eta=self._eta,
        )
