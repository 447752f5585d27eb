"""Importance and Pareto fronts against problems whose answer is known, and their symmetries."""

from __future__ import annotations

import random

import numpy as np
import pytest
from analysis_cases import search, subject_for, trial, trials_of

from analysis.records.flat import Kind
from analysis.records.frames import trials_frame
from analysis.records.search import SearchRecord
from analysis.records.subject import subject_of
from analysis.statistics.importance import MIN_TRIALS, importances, most_important
from analysis.statistics.pareto import pareto_fronts
from fashion_wb.trial import Metric, Trial, TrialState

PARAMETERS = {
    "strong": {"min": 0.0, "max": 1.0},
    "weak": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
    "kind": {"values": ["a", "b", None]},
    "idle": {"values": [1, 2, 3]},
}


def searches(goal: str = "minimize", replicates: int = 3, trials: int = 30) -> list[SearchRecord]:
    """Return searches whose score is driven by `strong`, a little by `weak`, and not by the others."""
    sign = -1 if goal == "maximize" else 1
    chance = random.Random(0)

    def one(number: int) -> Trial:
        config = {
            "strong": chance.random(),
            "weak": 10 ** chance.uniform(-4, 0),
            "kind": chance.choice(["a", "b", None]),
            "idle": chance.choice([1, 2, 3]),
        }
        score = sign * ((config["strong"] - 0.3) ** 2 + 0.04 * np.log10(config["weak"]))
        return Trial(number, f"r{number}", config, TrialState.FINISHED, ({"score": score, "_runtime": 1.0},))

    return [
        SearchRecord("random", f"s{r}", Metric("score", goal), tuple(map(one, range(trials))), r, PARAMETERS)
        for r in range(replicates)
    ]


def found(cases: list[SearchRecord]):
    subject = subject_of(cases)
    return importances(trials_frame(cases, subject), subject)


def test_the_parameter_that_drives_the_result_comes_first():
    result = found(searches())
    assert [one.parameter.name for one in result.parameters][:2] == ["strong", "weak"]
    assert result.parameters[0].fanova.value > 0.5
    for way in ("fanova", "ped_anova"):
        estimates = [getattr(one, way) for one in result.parameters]
        assert sum(one.value for one in estimates) == pytest.approx(1)
        assert all(one.n == 3 and one.low <= one.value <= one.high for one in estimates)
    assert (result.trials, result.replicates, result.left_out) == (90, 3, ())
    assert {one.parameter.name for one in result.parameters if one.parameter.kind is Kind.CATEGORY} == {
        "kind"
    }


def test_scales_do_not_decide_how_important_a_parameter_is():
    """Two parameters of the same influence have half each; a list's outlier makes it no more important."""
    space = {
        "plain": {"min": 0.0, "max": 1.0},
        "log": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1.0},
        "idle": {"values": [1, 2, 300]},
    }
    chance = random.Random(0)

    def one(number: int) -> Trial:
        plain, exponent = chance.random(), chance.random()
        config = {"plain": plain, "log": 10 ** (5 * exponent - 5), "idle": chance.choice([1, 2, 300])}
        rows = ({"score": plain + exponent, "_runtime": 1.0},)
        return Trial(number, f"r{number}", config, TrialState.FINISHED, rows)

    trials = (tuple(map(one, range(60))) for _ in range(4))
    cases = [
        SearchRecord("random", f"s{r}", Metric("score", "minimize"), own, r, space)
        for r, own in enumerate(trials)
    ]
    shares = {one.parameter.name: one for one in found(cases).parameters}
    # Over 20 seeds, the measures give 0.25 to 0.73, and the idle parameter has at most 0.08.
    for name in ("plain", "log"):
        for estimate in (shares[name].fanova, shares[name].ped_anova):
            assert 0.2 < estimate.value < 0.8
    assert max(shares["idle"].fanova.value, shares["idle"].ped_anova.value) < 0.1


def test_a_maximised_objective_has_the_same_importances():
    one, other = found(searches("minimize")), found(searches("maximize"))
    assert repr(one) == repr(other)


def test_one_replicate_has_no_interval_and_too_few_trials_no_importance():
    alone = found(searches(replicates=1))
    assert np.isnan(alone.parameters[0].fanova.low) and alone.parameters[0].fanova.n == 1
    few = searches(trials=MIN_TRIALS - 1)
    assert found(few) is None
    subject = subject_of(few)
    assert [one.name for one in most_important(None, subject)] == ["strong", "weak"]


def test_only_different_trials_of_full_length_count():
    full = [trial(n, [0.5, 0.1 * n], filters=2 + n % 13, lr=1e-3 / (n + 1)) for n in range(20)]
    again = [trial(20 + n, [0.5, 0.1], filters=2, lr=1e-3) for n in range(5)]
    short = [trial(30 + n, [0.01], filters=9, lr=1e-4 * (n + 1)) for n in range(9)]
    stopped = [trial(40 + n, [0.01], "stopped", filters=9, lr=1e-4 * (n + 1)) for n in range(9)]
    cases = [search(*full, *again, *short, *stopped)]
    assert importances(trials_of(cases), subject_for(cases)).trials == 20


def test_parameters_that_only_some_trials_have_are_named_and_left_out():
    cases = searches()
    halves = [
        SearchRecord(
            one.method,
            one.sweep,
            one.metric,
            tuple(
                Trial(
                    t.number,
                    t.run_id,
                    {k: v for k, v in t.config.items() if k != "idle" or t.number % 2},
                    t.state,
                    t.history,
                )
                for t in one.trials
            ),
            one.replicate,
            PARAMETERS,
        )
        for one in cases
    ]
    result = found(halves)
    assert [one.name for one in result.left_out] == ["idle"]
    assert "idle" not in [one.parameter.name for one in result.parameters]


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
@pytest.mark.parametrize("seed", range(5))
def test_fronts_are_those_of_a_brute_force(goal, seed):
    chance = random.Random(seed)
    sign = -1 if goal == "maximize" else 1
    cases = [
        SearchRecord(
            method,
            method,
            Metric("score", goal),
            tuple(
                Trial(
                    n,
                    f"{method}{n}",
                    {},
                    TrialState.FINISHED,
                    ({"score": sign * chance.randint(0, 9), "_runtime": float(chance.randint(1, 9))},),
                )
                for n in range(25)
            ),
        )
        for method in ("a", "b")
    ]
    subject = subject_of(cases)
    trials = trials_frame(cases, subject)

    def front(of) -> set[str]:
        pairs = of[["seconds", "minimised", "run"]].to_numpy().tolist()
        return {
            run for s, v, run in pairs if not any(a <= s and b <= v and (a < s or b < v) for a, b, _ in pairs)
        }

    fronts = pareto_fronts(trials, subject)
    for method in ("a", "b"):
        own = fronts.points[fronts.points["method"] == method]
        assert set(own["run"]) == front(trials[trials["method"] == method])
        assert own["seconds"].is_monotonic_increasing
    overall = fronts.points[fronts.points["front_of_all"]]
    assert set(overall["run"]) == front(trials)
    assert (fronts.trials, fronts.left_out) == (50, 0)


def test_trials_of_unknown_time_are_counted_and_not_on_a_front():
    untimed = Trial(1, "r1", {}, TrialState.FINISHED, ({"valid_loss": 0.1},))
    cases = [search(trial(0, [0.5]), untimed, trial(2, [0.01], "stopped"))]
    fronts = pareto_fronts(trials_of(cases), subject_for(cases))
    assert (fronts.points["run"].tolist(), fronts.trials, fronts.left_out) == (["r0"], 1, 1)
