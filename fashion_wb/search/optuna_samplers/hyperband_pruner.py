"""W&B's hyperband rule as an Optuna pruner."""

from __future__ import annotations

import optuna

from fashion_wb.early_stop import Stop
from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.trial import Trial, TrialState


class WandbHyperbandPruner(optuna.pruners.BasePruner):
    """Prunes a trial when W&B's hyperband would stop it, given what all trials of the study reported.

    Its decisions need no state, so a resumed study continues as it would have. Optuna's own Hyperband stores
    rungs on the trials, and splits the trials into brackets whose models do not see each other's results.

    Attributes:
        stops: why it pruned each trial, by the trial's number in the study.

    Args:
        rule: W&B's rule, for a metric named "value".
    """

    def __init__(self, rule: HyperbandPruner) -> None:
        self.stops: dict[int, Stop] = {}
        self._rule = rule

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Tell whether `trial` must stop now."""
        known = [
            _as_trial(other) for other in study.get_trials(deepcopy=False) if other.number != trial.number
        ]
        stop = self._rule.stop([*known, _as_trial(trial)]).get(trial.number)
        if stop is not None:
            self.stops[trial.number] = stop
        return stop is not None


def _as_trial(trial: optuna.trial.FrozenTrial) -> Trial:
    reported = sorted(trial.intermediate_values.items())
    state = TrialState.FINISHED if trial.state.is_finished() else TrialState.RUNNING
    history = tuple({"value": value} for _, value in reported)
    return Trial(trial.number, str(trial.number), {}, state, history)
