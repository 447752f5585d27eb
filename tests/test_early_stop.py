"""The words for a comparison at a rung."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fashion_wb.early_stop import Stop, ordinal
from fashion_wb.trial import Outcome, TrialState, stopped_early

STOP = Stop("valid_loss", rung=3, value=0.52134, threshold=0.4121, compared=9, eta=3)


def test_a_stop_says_what_was_compared_with_what():
    assert STOP.sentence == (
        "early stopping at the 3rd value: valid_loss 0.5213 is worse than 0.4121, the 4th best of 9 trials"
    )
    assert STOP.short == "value 3: 0.5213, limit 0.4121 (4th best of 9)"
    # Of two trials and with eta 3, one goes on.
    assert replace(STOP, rung=1, compared=2).sentence.endswith(
        "at the 1st value: valid_loss 0.5213 is worse than 0.4121, the best of 2 trials"
    )


@pytest.mark.parametrize(("eta", "rank"), [(1.5, 7), (2, 5), (3, 4), (4, 3), (100, 1)])
def test_the_rank_follows_from_eta(eta, rank):
    assert replace(STOP, eta=eta).rank == rank


@given(value=st.floats(-1e6, 1e6), other=st.floats(-1e6, 1e6) | st.floats(0.5, 0.50001))
def test_different_numbers_look_different(value, other):
    assume(value != other)
    words = replace(STOP, value=value, threshold=other).sentence.split()
    shown = words[words.index("valid_loss") + 1], words[words.index("than") + 1].rstrip(",")
    assert shown[0] != shown[1]
    assert float(shown[0]) == pytest.approx(value, rel=1e-3)


def test_places_are_written_as_people_do():
    places = (1, 2, 3, 4, 11, 12, 13, 21, 22, 111, 112, 123)
    assert " ".join(map(ordinal, places)) == "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 111th 112th 123rd"


def test_the_outcome_of_a_stopped_trial_has_the_comparison_if_the_pruner_tells_it():
    assert stopped_early(STOP) == Outcome(TrialState.STOPPED, STOP.sentence, STOP)
    assert stopped_early(None) == Outcome(TrialState.STOPPED, "early stopping by the scheduler's pruner")
