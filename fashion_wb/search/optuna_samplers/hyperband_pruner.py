"""W&B's hyperband rule as an Optuna pruner."""

from __future__ import annotations

import optuna

from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.trial import Trial, TrialState


class HyperbandRule(optuna.pruners.BasePruner):
    """Prunes a trial when W&B's hyperband would stop it, judging by what all trials of the study reported.

    It keeps nothing, so a resumed study goes on as it would have. Optuna's own Hyperband notes rungs on the
    trials, and splits them into brackets whose models do not see each other's results.

    Args:
        rule: W&B's, for a metric of the name "value".
    """

    def __init__(self, rule: HyperbandPruner) -> None:
        self._rule = rule

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Whether `trial` is to be stopped now."""
        known = [
            _as_trial(other) for other in study.get_trials(deepcopy=False) if other.number != trial.number
        ]
        return trial.number in self._rule.stop([*known, _as_trial(trial)])


def _as_trial(trial: optuna.trial.FrozenTrial) -> Trial:
    reported = sorted(trial.intermediate_values.items())
    state = TrialState.FINISHED if trial.state.is_finished() else TrialState.RUNNING
    history = tuple({"value": value} for _, value in reported)
    return Trial(trial.number, str(trial.number), {}, state, history)
