"""Records of retrained winners and of audited trials check themselves."""

from __future__ import annotations

import pytest

from analysis.records.reruns import AuditedTrial, RetrainedWinner


@pytest.mark.parametrize(
    ("seeds", "losses", "accuracies"),
    [((1, 2), (0.3,), (0.8, 0.9)), ((1, 2), (0.3, 0.4), (0.8,)), ((1, 1), (0.3, 0.4), (0.8, 0.9))],
)
def test_a_retraining_needs_a_result_for_each_of_distinct_seeds(seeds, losses, accuracies):
    with pytest.raises(ValueError, match="bayes, replicate 2: needs distinct seeds, and one validation loss"):
        RetrainedWinner("bayes", 2, 0.3, 0.9, seeds, losses, accuracies)


def test_a_winner_none_of_whose_retrainings_ended_is_a_record_all_the_same():
    assert RetrainedWinner("bayes", 0, 0.3, 0.9, (), (), ()).seeds == ()


@pytest.mark.parametrize(("stopped_after", "saved"), [(0, 5), (1, -1)])
def test_counts_of_an_audit_are_in_range(stopped_after, saved):
    with pytest.raises(ValueError, match="run r7"):
        AuditedTrial("hyperband", 0, "r7", stopped_after, 0.9, 0.4, saved)
