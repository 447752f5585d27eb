"""What an Optuna trial came to, for samplers that minimise."""

from __future__ import annotations

import math

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState


def best_value(trial: FrozenTrial, direction: StudyDirection) -> float | None:
    """The lowest finite value, turned round where the study maximises; None for a trial without one.

    A finished trial has its value, a pruned one the best of what it reported, a failed or running one none.
    """
    values = {
        TrialState.COMPLETE: [trial.value],
        TrialState.PRUNED: list(trial.intermediate_values.values()),
    }.get(trial.state, [])
    sign = -1.0 if direction is StudyDirection.MAXIMIZE else 1.0
    finite = [sign * value for value in values if value is not None and math.isfinite(value)]
    return min(finite, default=None)
