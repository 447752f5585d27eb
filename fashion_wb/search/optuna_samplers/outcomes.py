"""The result of an Optuna trial, for samplers that minimise."""

from __future__ import annotations

import math

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


def best_loss(trial: FrozenTrial, direction: StudyDirection) -> float | None:
    """Return the best finite value of a trial as a loss (negated if the study maximises), or None.

    A complete trial has its value and a pruned one the best value it reported. A failed or running trial has
    none.
    """
    values: list[float | None] = []
    if trial.state is TrialState.COMPLETE:
        values = [trial.value]
    elif trial.state is TrialState.PRUNED:
        values = list(trial.intermediate_values.values())
    sign = -1.0 if direction is StudyDirection.MAXIMIZE else 1.0
    finite = [sign * value for value in values if value is not None and math.isfinite(value)]
    return min(finite, default=None)
