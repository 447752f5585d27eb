"""W&B's hyperband rule as an Optuna pruner, compared with the rule itself."""

from __future__ import annotations

import optuna
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.search.optuna_samplers.hyperband_pruner import WandbHyperbandPruner
from fashion_wb.trial import Metric, Trial, TrialState

BLOCK = {"type": "hyperband", "min_iter": 1, "eta": 3, "strict": True}
CURVES = st.lists(st.lists(st.floats(0, 1), min_size=1, max_size=10), min_size=1, max_size=12)


def rule(goal):
    return HyperbandPruner({"early_terminate": BLOCK}, Metric("value", goal))


@settings(deadline=None, max_examples=50)
@given(curves=CURVES, goal=st.sampled_from(["minimize", "maximize"]), ended=st.integers(0, 11))
def test_the_pruner_prunes_the_trials_that_the_rule_stops(curves, goal, ended):
    pruner = WandbHyperbandPruner(rule(goal))
    study = optuna.create_study(direction=goal, pruner=pruner)
    asked = [study.ask() for _ in curves]
    for trial, curve in zip(asked, curves, strict=True):
        for step, value in enumerate(curve):
            trial.report(value, step)
    for trial, curve in zip(asked[:ended], curves, strict=False):
        study.tell(trial, curve[-1])
    states = [TrialState.FINISHED if n < ended else TrialState.RUNNING for n in range(len(curves))]
    trials = [
        Trial(n, str(n), {}, state, tuple({"value": value} for value in curve))
        for n, (state, curve) in enumerate(zip(states, curves, strict=True))
    ]
    expected = rule(goal).stop(trials)
    assert {n for n in range(ended, len(curves)) if asked[n].should_prune()} == expected.keys()
    assert pruner.stops == expected
