"""Hyperband: W&B's own rule as the oracle, and a case worked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.errors import FashionWbError
from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.sweepfile.sweeps_package import RunState, SweepRun, stop_runs
from fashion_wb.trial import Metric, Trial, TrialState

LOSS = Metric("loss")
BLOCK = {"type": "hyperband", "min_iter": 1, "eta": 3, "strict": True}


def trial(number, values, state=TrialState.RUNNING):
    return Trial(number, f"r{number}", {}, state, tuple({"loss": value} for value in values))


def pruner(block=None, metric=LOSS):
    return HyperbandPruner({"early_terminate": BLOCK if block is None else block}, metric)


blocks = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("hyperband"), "min_iter": st.integers(1, 3)},
        optional={"eta": st.sampled_from([2, 3, 1.5]), "strict": st.booleans()},
    ),
    st.fixed_dictionaries(
        {"type": st.just("hyperband"), "max_iter": st.integers(9, 27), "s": st.integers(1, 3)},
        optional={"eta": st.sampled_from([2, 3]), "strict": st.booleans()},
    ),
)
values = st.one_of(st.integers(-3, 3).map(float), st.floats(-10, 10))
histories = st.lists(st.tuples(st.sampled_from(TrialState), st.lists(values, max_size=12)), max_size=8)


@settings(max_examples=100, deadline=None)
@given(block=blocks, found=histories, goal=st.sampled_from(["minimize", "maximize"]))
def test_the_rule_is_that_of_wandb(block, found, goal):
    runs = [
        SweepRun(
            name=str(number),
            state=RunState.running if state is TrialState.RUNNING else RunState.killed,
            history=[{"loss": value} for value in logged],
        )
        for number, (state, logged) in enumerate(found)
    ]
    config = {"metric": {"name": "loss", "goal": goal}, "early_terminate": block}
    expected = {int(run.name) for run in stop_runs(config, runs)}
    trials = [trial(number, logged, state) for number, (state, logged) in enumerate(found)]
    assert pruner(block, Metric("loss", goal)).stop(trials[::-1]) == expected


@settings(max_examples=50, deadline=None)
@given(found=histories)
def test_maximising_is_minimising_the_negative(found):
    trials = [trial(number, logged, state) for number, (state, logged) in enumerate(found)]
    negated = [trial(number, [-v for v in logged], state) for number, (state, logged) in enumerate(found)]
    assert pruner().stop(trials) == pruner(metric=Metric("loss", "maximize")).stop(negated)


def test_a_case_worked_by_hand():
    # Rung 1 has 0.1 to 0.6; its third-best-of-six bound is the value at position int(6 / 3) = 2, 0.3. Rung
    # 3 has 0.1, 0.2 and 0.9; its bound is at position 1, 0.2. Trial 0 is at rung 3 with 0.1: goes on.
    # Trial 1 is there with 0.9: stopped, though it once had 0.05. Trial 4 with 0.5 at rung 1: stopped.
    # Trial 5 has passed rung 1 with 0.3 and not reached rung 3. Trial 3 would be stopped but has ended.
    trials = [
        trial(0, [0.2, 0.9, 0.1]),
        trial(1, [0.1, 0.05, 0.9]),
        trial(2, [0.6, 0.2, 0.2], TrialState.FAILED),
        trial(3, [0.4], TrialState.STOPPED),
        trial(4, [0.5, 0.0]),
        trial(5, [0.3, 9.0]),
    ]
    assert pruner().stop(trials) == {1, 4}


def test_the_defaults_are_those_of_the_schema():
    trials = [
        trial(0, [0.2, 0.9, 0.1]),
        trial(1, [0.1, 0.05, 0.9]),
        trial(2, [0.6, 0.2, 0.2], TrialState.FINISHED),
    ]
    assert pruner({"type": "hyperband", "min_iter": 1}).stop(trials) == pruner().stop(trials) == {1}


@pytest.mark.parametrize("gap", [math.nan, math.inf, None, "NaN"])
def test_rungs_count_finite_values_of_the_metric(gap):
    trials = [trial(0, [gap, gap, 0.9]), trial(1, [0.1, gap, gap]), trial(2, [gap])]
    other = Trial(3, "r3", {}, TrialState.RUNNING, ({"accuracy": 0.5},))
    assert pruner().stop([*trials, other]) == pruner().stop([trial(0, [0.9]), trial(1, [0.1])]) == {0}


def test_nothing_is_stopped_before_anything_is_logged():
    assert pruner().stop([]) == pruner().stop([trial(0, []), trial(1, [])]) == set()


@pytest.mark.parametrize(
    "block",
    [
        {"type": "hyperband"},
        {"type": "hyperband", "min_iter": 0},
        {"type": "hyperband", "min_iter": 1, "eta": 1},
        {"type": "hyperband", "max_iter": 1, "s": 2},
        {"type": "median", "min_iter": 1},
    ],
)
def test_a_block_without_rungs_is_refused_at_once(block):
    with pytest.raises(FashionWbError, match="early_terminate"):
        pruner(block)


def test_a_metric_is_needed():
    with pytest.raises(FashionWbError, match="metric"):
        pruner(metric=None)
