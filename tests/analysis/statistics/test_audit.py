"""The audit of early stopping and the retrained winners, against calculations by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from analysis_cases import ACCURACY, LOSS, search, subject_for, trial, trials_of

from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.subject import Subject
from analysis.statistics.audit import audit
from analysis.statistics.winners import summarise_winners

# Five finished trials at 0.30, 0.31, ... and four stopped ones; a failed one lower than all.
FINISHED = [trial(number, [0.9, 0.30 + number / 100]) for number in range(5)]
STOPPED = [trial(number, [0.8], "stopped") for number in range(5, 9)]
SEARCH = search(*FINISHED, *STOPPED, trial(9, [0.01], "failed"), method="hyperband")


def audited(trials, searches):
    return audit(trials, trials_of(searches), subject_for(searches))


def to_the_end(run: str, final: float, saved: int = 1) -> AuditedTrial:
    return AuditedTrial("hyperband", 0, run, final, saved)


def test_an_audit_counts_who_would_have_won_and_been_among_the_best():
    """0.29 wins; 0.315 has two finished below it; 0.33 has three, so it is not among the best three."""
    found = [
        to_the_end("r5", 0.29),
        to_the_end("r6", 0.315),
        to_the_end("r7", 0.33, 4),
    ]
    (one,) = audited(found, [SEARCH])
    assert (one.method, one.stopped, one.audited) == ("hyperband", 4, 3)
    assert one.would_have_won.value == pytest.approx(1 / 3)
    assert one.among_best.value == pytest.approx(2 / 3)
    assert one.steps_saved.value == 2
    # Ten steps by those that finished, four by those stopped, one by the failed one; eight saved.
    assert (one.steps_spent, one.share_saved) == (15, pytest.approx(8 / 23))


def test_a_stopped_trial_that_held_the_incumbent_may_still_win():
    early = search(trial(0, [0.5]), trial(1, [0.4], "stopped"), method="hyperband")
    (one,) = audited([to_the_end("r1", 0.4)], [early])
    assert one.would_have_won.value == 1


def test_replicates_are_audited_against_their_own_search():
    other = replace(SEARCH, sweep="t", replicate=1, trials=tuple(trial(n, [0.1, 0.1]) for n in range(5)))
    (one,) = audited([to_the_end("r5", 0.29)], [SEARCH, other])
    assert one.would_have_won.value == 1


def test_without_audited_trials_there_are_no_numbers():
    (one,) = audited([], [SEARCH])
    assert one.stopped == 4 and math.isnan(one.would_have_won.value) and math.isnan(one.share_saved)
    assert audited([], [search(trial(0, [0.5]))]) == ()


def test_an_audit_refuses_runs_that_were_not_stopped_or_are_given_twice():
    with pytest.raises(ValueError, match="r0 is not a stopped trial of hyperband, replicate 0"):
        audited([to_the_end("r0", 0.3)], [SEARCH])
    with pytest.raises(ValueError, match="r5 of hyperband is audited twice"):
        audited([to_the_end("r5", 0.3)] * 2, [SEARCH])


def winner(replicate, reported, retrained, accuracies):
    seeds = tuple(range(len(retrained)))
    return RetrainedWinner("a", replicate, reported, seeds, retrained, {"test_accuracy": accuracies})


def summarised(*winners, metric=LOSS):
    return summarise_winners(winners, ["test_accuracy"], Subject(metric))


def test_winners_match_a_calculation_by_hand():
    """Means 0.85 and 0.89; seeds' squares 0.0002 + 0.0002 over 2 degrees of freedom."""
    winners = (
        winner(0, 0.30, (0.32, 0.34), (0.84, 0.86)),
        winner(1, 0.28, (0.32, 0.32), (0.88, 0.90)),
        winner(2, 0.28, (), ()),
    )
    (one,) = summarised(*winners)
    found = one.measured["test_accuracy"]
    assert (one.searches, found.mean.n) == (3, 2)
    assert found.mean.value == pytest.approx(0.87)
    assert found.between == pytest.approx(0.04 / math.sqrt(2))
    assert found.within == pytest.approx(math.sqrt(0.0004 / 2))
    assert one.gap.value == pytest.approx((0.03 + 0.04) / 2)
    # Of a maximised objective, a higher value after retraining is better than reported.
    (other,) = summarised(*winners, metric=ACCURACY)
    assert other.gap.value == pytest.approx(-(0.03 + 0.04) / 2)


def test_one_search_has_no_interval_however_many_seeds():
    (one,) = summarised(winner(0, 0.3, (0.3,) * 3, (0.8, 0.9, 0.7)))
    found = one.measured["test_accuracy"]
    assert math.isnan(found.mean.low) and math.isnan(found.between)
    assert found.within == pytest.approx(0.1)


def test_unknown_numbers_are_left_out():
    nan = math.nan
    (one,) = summarised(winner(0, nan, (0.3, nan), (0.8, nan)))
    assert one.measured["test_accuracy"].mean.value == 0.8 and math.isnan(one.gap.value)
    (none,) = summarised(winner(0, 0.3, (nan,), (nan,)))
    assert (none.searches, none.measured["test_accuracy"].mean.n) == (1, 0)
    assert summarised() == ()
