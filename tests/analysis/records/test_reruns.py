"""Records of retrained winners and audited trials refuse invalid values."""

from __future__ import annotations

import pytest

from analysis.records.reruns import AuditedTrial, RetrainedWinner


@pytest.mark.parametrize(
    ("seeds", "losses", "accuracies"),
    [((1, 2), (0.3,), (0.8, 0.9)), ((1, 2), (0.3, 0.4), (0.8,)), ((1, 1), (0.3, 0.4), (0.8, 0.9))],
)
def test_a_retrained_winner_needs_distinct_seeds_and_a_result_for_each(seeds, losses, accuracies):
    with pytest.raises(ValueError, match="bayes, replicate 2: needs distinct seeds, and one validation loss"):
        RetrainedWinner("bayes", 2, 0.3, 0.9, seeds, losses, accuracies)


def test_a_winner_whose_retrainings_all_failed_is_a_valid_record():
    assert RetrainedWinner("bayes", 0, 0.3, 0.9, (), (), ()).seeds == ()


@pytest.mark.parametrize(("stopped_after", "saved"), [(0, 5), (1, -1)])
def test_an_audited_trial_refuses_counts_out_of_range(stopped_after, saved):
    with pytest.raises(ValueError, match="run r7"):
        AuditedTrial("hyperband", 0, "r7", stopped_after, 0.9, 0.4, saved)
