"""One study of x to minimise, and of -x to maximise: the same verdicts, texts that mirror each other."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from analysis_cases import plausible

from analysis.evidence import gather
from analysis.html_report.headline import headline
from analysis.html_report.page import render
from analysis.outputs import write_comparison
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.tables.evidence_text import sections
from fashion_wb.study.reported import Reported
from fashion_wb.trial import Metric

NEGATED = Metric("valid_loss", "maximize")


def negated(search):
    trials = tuple(
        replace(trial, history=tuple(row | {"valid_loss": -row["valid_loss"]} for row in trial.history))
        for trial in search.trials
    )
    return replace(search, metric=NEGATED, trials=trials)


def reruns(searches, sign):
    winners = [
        RetrainedWinner(
            one.method,
            one.replicate,
            sign * 0.3,
            (1, 2),
            (sign * loss, sign * (loss + 0.02)),
            {"score": (1.0, 2.0)},
        )
        for one in searches
        # One method's winners are worse in every replicate.
        for luck in [Random(f"{one.method}{one.replicate}").uniform(0, 0.01)]
        for loss in [(0.5 if one.method == "bayes" else 0.31) + luck]
    ]
    stopped = [(one, trial) for one in searches for trial in one.trials if trial.state == "stopped"]
    audits = [AuditedTrial(one.method, one.replicate, t.run_id, sign * 0.26, 3) for one, t in stopped]
    return winners, audits


@pytest.fixture(scope="module")
def both():
    searches = plausible(6, 5, 3, 5)
    # One method is worse in every replicate.
    worse = [
        replace(
            one,
            trials=tuple(
                replace(t, history=tuple(row | {"valid_loss": row["valid_loss"] + 0.2} for row in t.history))
                for t in one.trials
            ),
        )
        if one.method == "bayes"
        else one
        for one in searches
    ]
    options = Reported(final=("score",), margin=0.02)
    return [
        gather(cases, *reruns(cases, sign), reported=options)
        for cases, sign in ((worse, 1), ([negated(one) for one in worse], -1))
    ]


def test_the_verdicts_and_their_tests_are_the_same(both):
    one, other = both
    assert [v.outcome for v in one.verdicts] == [v.outcome for v in other.verdicts]
    assert {"better", "worse"} & {v.outcome.value for v in one.verdicts}
    for a, b in zip(one.verdicts, other.verdicts, strict=True):
        assert (a.pair.p_holm, a.pair.p_equivalent_holm, a.pair.a_better) == (
            b.pair.p_holm,
            b.pair.p_equivalent_holm,
            b.pair.a_better,
        )
        assert a.pair.difference.value == -b.pair.difference.value
        assert (a.pair.difference.low, a.pair.effect) == (-b.pair.difference.high, -b.pair.effect)
    assert headline(one) == headline(other)


def test_every_number_is_negated_and_nothing_else_changes(both):
    one, other = both
    for a, b in zip(one.finals, other.finals, strict=True):
        assert (a.median.value, a.median.low, a.median.high) == (
            -b.median.value,
            -b.median.high,
            -b.median.low,
        )
        assert (a.target, a.reached, a.rank, a.steps_to_target) == (
            -b.target,
            b.reached,
            b.rank,
            b.steps_to_target,
        )
    for a, b in zip(one.winners, other.winners, strict=True):
        assert a.gap == b.gap and a.measured == b.measured
    assert repr(one.audit) == repr(other.audit) and repr(one.quality) == repr(other.quality)
    assert repr(one.importances) == repr(other.importances)
    for a, b in zip(one.curves["steps"], other.curves["steps"], strict=True):
        np.testing.assert_array_equal(a.median, -b.median)
        np.testing.assert_array_equal(a.low, -b.high)
    np.testing.assert_array_equal(one.random_band.low, -other.random_band.high)
    assert one.fronts.points["run"].tolist() == other.fronts.points["run"].tolist()
    assert one.comparison["filters"].tolist() == other.comparison["filters"].tolist()


def test_texts_say_which_direction_is_better(both):
    one, other = ("\n".join(sections(evidence)) for evidence in both)
    assert "below 0, A is better" in one and "above 0, A is better" in other
    assert "has the lower valid_loss" in one and "has the higher valid_loss" in other
    pages = [render(evidence) for evidence in both]
    assert "Lowest valid_loss so far" in pages[0] and "Highest valid_loss so far" in pages[1]


def test_all_outputs_are_written_for_a_maximised_metric(tmp_path):
    searches = [negated(one) for one in plausible(3, 3, 0, 3)]
    text = write_comparison(searches, tmp_path)
    assert "Best configuration found" in text and (tmp_path / "report.html").stat().st_size > 10_000
