"""The early-stop audit and retrained winners, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from analysis_cases import search, trial

from analysis.records.frames import trials_frame
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.statistics.audit import audit
from analysis.statistics.winners import summarise_winners

# Five finished trials at 0.30, 0.31, ... and four stopped ones; a failed one lower than all.
FINISHED = [trial(number, [0.9, 0.30 + number / 100]) for number in range(5)]
STOPPED = [trial(number, [0.8], "stopped") for number in range(5, 9)]
SEARCH = search(*FINISHED, *STOPPED, trial(9, [0.01], "failed"), method="hyperband")


def to_the_end(run: str, final: float, saved: int = 1) -> AuditedTrial:
    return AuditedTrial("hyperband", 0, run, 1, 0.8, final, saved)


def test_an_audit_counts_who_would_have_won_and_been_among_the_best():
    """0.29 wins; 0.315 has two finished below it; 0.33 has three, so it is not among the best three."""
    found = [to_the_end("r5", 0.29), to_the_end("r6", 0.315), to_the_end("r7", 0.33, 4)]
    (one,) = audit(found, trials_frame([SEARCH]))
    assert (one.method, one.stopped, one.audited) == ("hyperband", 4, 3)
    assert one.would_have_won.value == pytest.approx(1 / 3)
    assert one.among_best.value == pytest.approx(2 / 3)
    assert one.epochs_saved.value == 2
    # Ten epochs by those that finished, four by those stopped, one by the failed one; eight spared.
    assert (one.epochs_spent, one.share_saved) == (15, pytest.approx(8 / 23))


def test_a_stopped_trial_that_held_the_incumbent_may_still_win():
    early = search(trial(0, [0.5]), trial(1, [0.4], "stopped"), method="hyperband")
    (one,) = audit([replace(to_the_end("r1", 0.4), loss_when_stopped=0.4)], trials_frame([early]))
    assert one.would_have_won.value == 1


def test_replicates_are_audited_against_their_own_search():
    other = replace(SEARCH, sweep="t", replicate=1, trials=tuple(trial(n, [0.1, 0.1]) for n in range(5)))
    (one,) = audit([to_the_end("r5", 0.29)], trials_frame([SEARCH, other]))
    assert one.would_have_won.value == 1


def test_none_audited_gives_no_numbers():
    (one,) = audit([], trials_frame([SEARCH]))
    assert one.stopped == 4 and math.isnan(one.would_have_won.value) and math.isnan(one.share_saved)
    assert audit([], trials_frame([search(trial(0, [0.5]))])) == ()


def test_runs_that_were_not_stopped_or_come_twice_are_refused():
    trials = trials_frame([SEARCH])
    with pytest.raises(ValueError, match="r0 is not a stopped trial of hyperband, replicate 0"):
        audit([to_the_end("r0", 0.3)], trials)
    with pytest.raises(ValueError, match="r5 of hyperband is audited twice"):
        audit([to_the_end("r5", 0.3)] * 2, trials)


def test_winners_worked_out_by_hand():
    """Means 0.85 and 0.89; seeds' squares 0.0002 + 0.0002 over 2 degrees of freedom."""
    (one,) = summarise_winners(
        [
            RetrainedWinner("a", 0, 0.30, 0.90, (1, 2), (0.32, 0.34), (0.84, 0.86)),
            RetrainedWinner("a", 1, 0.28, 0.91, (1, 2), (0.32, 0.32), (0.88, 0.90)),
            RetrainedWinner("a", 2, 0.28, 0.91, (), (), ()),
        ]
    )
    assert (one.searches, one.without_result, one.test_accuracy.n) == (2, 1, 2)
    assert one.test_accuracy.value == pytest.approx(0.87)
    assert one.between == pytest.approx(0.04 / math.sqrt(2))
    assert one.within == pytest.approx(math.sqrt(0.0004 / 2))
    assert one.loss_gap.value == pytest.approx((0.03 + 0.04) / 2)
    assert one.accuracy_gap.value == pytest.approx((0.05 + 0.02) / 2)


def test_one_search_has_no_interval_however_many_seeds():
    (one,) = summarise_winners([RetrainedWinner("a", 0, 0.3, 0.9, (1, 2, 3), (0.3,) * 3, (0.8, 0.9, 0.7))])
    assert math.isnan(one.test_accuracy.low) and math.isnan(one.between)
    assert one.within == pytest.approx(0.1)


def test_numbers_that_are_not_known_are_left_out():
    nan = math.nan
    (one,) = summarise_winners([RetrainedWinner("a", 0, nan, 0.9, (1, 2), (0.3, nan), (0.8, nan))])
    assert one.test_accuracy.value == 0.8 and math.isnan(one.loss_gap.value)
    (none,) = summarise_winners([RetrainedWinner("a", 0, 0.3, 0.9, (1,), (nan,), (nan,))])
    assert (none.searches, none.without_result) == (0, 1)
    assert summarise_winners([]) == ()
