"""Records of retrained winners and audited trials refuse invalid values."""

from __future__ import annotations

import pytest

from analysis.records.reruns import AuditedTrial, RetrainedWinner


@pytest.mark.parametrize(
    ("seeds", "losses", "accuracies"),
    [((1, 2), (0.3,), (0.8, 0.9)), ((1, 2), (0.3, 0.4), (0.8,)), ((1, 1), (0.3, 0.4), (0.8, 0.9))],
)
def test_a_retrained_winner_needs_distinct_seeds_and_a_result_for_each(seeds, losses, accuracies):
    with pytest.raises(ValueError, match="bayes, replicate 2: needs distinct seeds, and one value of each"):
        RetrainedWinner("bayes", 2, 0.3, seeds, losses, {"test_accuracy": accuracies})


def test_a_winner_whose_retrainings_all_failed_is_a_valid_record():
    assert RetrainedWinner("bayes", 0, 0.3, (), (), {"test_accuracy": ()}).seeds == ()


def test_an_audited_trial_refuses_a_count_out_of_range():
    with pytest.raises(ValueError, match="run r7"):
        AuditedTrial("hyperband", 0, "r7", 0.4, -1)
