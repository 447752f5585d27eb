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
        self._ended: dict[int, tuple[optuna.trial.FrozenTrial, Trial]] = {}

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        """Tell whether `trial` must stop now."""
        shown = [
            self._as_trial(trial if other.number == trial.number else other)
            for other in study.get_trials(deepcopy=False)
        ]
        stop = self._rule.stop(shown).get(trial.number)
        if stop is not None:
            self.stops[trial.number] = stop
        return stop is not None

    def _as_trial(self, trial: optuna.trial.FrozenTrial) -> Trial:
        # The same object for the same ended trial: the rule does not look at it again.
        known, found = self._ended.get(trial.number, (None, None))
        if found is None or known is not trial:
            found = _as_trial(trial)
            if trial.state.is_finished():
                self._ended[trial.number] = trial, found
        return found


def _as_trial(trial: optuna.trial.FrozenTrial) -> Trial:
    reported = sorted(trial.intermediate_values.items())
    state = TrialState.FINISHED if trial.state.is_finished() else TrialState.RUNNING
    history = tuple({"value": value} for _, value in reported)
    return Trial(trial.number, str(trial.number), {}, state, history)
