"""Hyperband compared with W&B's own rule, and one example worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashion_wb.early_stop import Stop
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
def test_the_pruner_stops_the_trials_that_wandb_stops(block, found, goal):
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
    metric = Metric("loss", goal)
    stops = pruner(block, metric).stop(trials[::-1])
    assert stops.keys() == expected
    for number, stop in stops.items():
        check(stop, number, found, metric, block)


def check(stop, number, found, metric, block):
    """Check what was compared, worked out from the rungs' definition alone."""
    own, eta = found[number][1], block.get("eta", 3)
    if "min_iter" in block:
        rungs = [int(block["min_iter"] * eta**k) for k in range(20)]
    else:
        rungs = [int(block["max_iter"] / eta**k) for k in range(1, block["s"] + 1)]
    assert (stop.metric, stop.eta) == ("loss", eta)
    assert stop.rung == max(rung for rung in rungs if 1 <= rung <= len(own))
    there = sorted(
        (logged[stop.rung - 1] for _, logged in found if len(logged) >= stop.rung),
        reverse=metric.goal == "maximize",
    )
    assert stop.compared == len(there) >= 2
    assert stop.value == own[stop.rung - 1] and stop.threshold == there[stop.rank - 1]
    assert metric.is_better(stop.threshold, stop.value)
    if block.get("strict") is False:
        assert all(metric.is_better(stop.threshold, value) for value in own)


@settings(max_examples=50, deadline=None)
@given(found=histories)
def test_maximising_equals_minimising_the_negative(found):
    trials = [trial(number, logged, state) for number, (state, logged) in enumerate(found)]
    negated = [trial(number, [-v for v in logged], state) for number, (state, logged) in enumerate(found)]
    stops = pruner(metric=Metric("loss", "maximize")).stop(negated)
    assert pruner().stop(trials) == {
        number: replace(stop, value=-stop.value, threshold=-stop.threshold) for number, stop in stops.items()
    }


def test_an_example_worked_out_by_hand():
    # Rung 1 has the six values 0.1 to 0.6; its bound is the one at position int(6 / 3) = 2, which is 0.3.
    # Rung 3 has 0.1, 0.2 and 0.9; its bound is at position 1, which is 0.2.
    # Trial 0 is at rung 3 with 0.1 and continues. Trial 1 is there with 0.9 and stops, despite its 0.05.
    # Trial 4 stops with 0.5 at rung 1. Trial 5 passed rung 1 with 0.3 and has not reached rung 3.
    # Trial 3 would stop but has already ended.
    trials = [
        trial(0, [0.2, 0.9, 0.1]),
        trial(1, [0.1, 0.05, 0.9]),
        trial(2, [0.6, 0.2, 0.2], TrialState.FAILED),
        trial(3, [0.4], TrialState.STOPPED),
        trial(4, [0.5, 0.0]),
        trial(5, [0.3, 9.0]),
    ]
    assert pruner().stop(trials) == {
        1: Stop("loss", rung=3, value=0.9, threshold=0.2, compared=3, eta=3),
        4: Stop("loss", rung=1, value=0.5, threshold=0.3, compared=6, eta=3),
    }


def test_the_defaults_are_those_of_wandbs_schema():
    trials = [
        trial(0, [0.2, 0.9, 0.1]),
        trial(1, [0.1, 0.05, 0.9]),
        trial(2, [0.6, 0.2, 0.2], TrialState.FINISHED),
    ]
    stops = pruner({"type": "hyperband", "min_iter": 1}).stop(trials)
    assert stops == pruner().stop(trials) and stops.keys() == {1}


@pytest.mark.parametrize("gap", [math.nan, math.inf, None, "NaN"])
def test_rungs_count_only_finite_values_of_the_metric(gap):
    trials = [trial(0, [gap, gap, 0.9]), trial(1, [0.1, gap, gap]), trial(2, [gap])]
    other = Trial(3, "r3", {}, TrialState.RUNNING, ({"accuracy": 0.5},))
    stops = pruner().stop([*trials, other])
    assert stops == pruner().stop([trial(0, [0.9]), trial(1, [0.1])]) and stops.keys() == {0}


def test_nothing_is_stopped_before_anything_is_logged():
    assert pruner().stop([]) == pruner().stop([trial(0, []), trial(1, [])]) == {}


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
def test_a_block_without_rungs_is_rejected_immediately(block):
    with pytest.raises(FashionWbError, match="early_terminate"):
        pruner(block)


def test_hyperband_needs_a_metric():
    with pytest.raises(FashionWbError, match="metric"):
        pruner(metric=None)


# What happens to the trials between two decisions: one starts, logs a value, ends, or starts again.
happenings = st.lists(st.tuples(st.sampled_from("SLLLLEX"), st.integers(0, 9), values), max_size=60)


@settings(max_examples=100, deadline=None)
@given(block=blocks, found=happenings, goal=st.sampled_from(["minimize", "maximize"]))
def test_a_pruner_that_is_shown_a_sweep_as_it_grows_decides_as_wandb_does_each_time(block, found, goal):
    config = {"metric": {"name": "loss", "goal": goal}, "early_terminate": block}
    trials, metric = [], Metric("loss", goal)
    told, following, changed = pruner(block, metric), pruner(block, metric), set()
    for what, which, value in found:
        running = [each for each in trials if not each.state.ended]
        if what == "S" or not running:
            changed.add(len(trials))
            trials.append(trial(len(trials), []))
        else:
            one = running[which % len(running)]
            changed.add(one.number)
            trials[one.number] = {
                "L": replace(one, history=(*one.history, {"loss": value})),
                "E": replace(one, state=TrialState.STOPPED),
                "X": replace(one, history=()),
            }.get(what, one)
        runs = [
            SweepRun(
                name=str(each.number),
                state=RunState.killed if each.state.ended else RunState.running,
                history=list(each.history),
            )
            for each in trials
        ]
        stops = following.stop(trials)
        assert stops.keys() == {int(run.name) for run in stop_runs(config, runs)}
        assert stops == pruner(block, metric).stop(trials)
        # Sometimes several have changed since the last decision.
        if which % 2:
            assert told.stop(trials, changed) == stops
            changed.clear()


def test_a_pruner_that_is_shown_another_sweep_forgets_the_one_before():
    one = pruner()
    first = [trial(0, [0.1]), trial(1, [0.9])]
    assert one.stop(first).keys() == {1}
    assert one.stop([trial(0, [0.9]), trial(1, [0.1])]).keys() == {0}
    assert one.stop([trial(7, [0.5])]) == {} and one.stop(first[::-1]).keys() == {1}
