"""The evidence is complete, reproducible, and written as text."""

from __future__ import annotations

import pytest
from analysis_cases import evidence_of, hand_made, plausible

from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.tables.evidence_frames import FINALS_COLUMNS, PAIRS_COLUMNS, finals_frame, pairs_frame
from analysis.tables.evidence_text import sections


def reruns_of(searches):
    retrained = [
        RetrainedWinner(one.method, one.replicate, 0.3, (1, 2), (0.31, 0.33), {"test_accuracy": (0.89, 0.88)})
        for one in searches
    ]
    audited = [
        AuditedTrial(one.method, one.replicate, trial.run_id, 0.3, 9)
        for one in searches
        for trial in one.trials
        if trial.state == "stopped"
    ]
    return retrained, audited


@pytest.mark.parametrize("searches", [plausible(6, 4, 0, 5), plausible(2, 2), hand_made()])
def test_every_part_covers_every_method(searches):
    evidence = evidence_of(searches)
    methods = list(dict.fromkeys(one.method for one in searches))
    assert evidence.methods == methods
    assert [one.method for one in evidence.finals] == [one.method for one in evidence.quality] == methods
    assert len(evidence.verdicts) == len(methods) * (len(methods) - 1) // 2
    assert [curve.method for curve in evidence.curves["steps"]] == methods
    assert evidence.audit is None and evidence.winners is None


def test_the_same_searches_give_the_same_evidence():
    searches = plausible(5, 3, 0, 5)
    first, second = evidence_of(searches), evidence_of(searches)
    assert repr(first.finals) == repr(second.finals)
    assert repr(first.verdicts) == repr(second.verdicts)
    assert sections(first) == sections(second)


def test_the_text_has_the_sections_that_there_is_evidence_for():
    searches = plausible(8, 4, 0, 5)
    retrained, audited = reruns_of(searches)
    text = "\n".join(sections(evidence_of(searches, retrained, audited)))
    for title in ("Final valid_loss", "Every two methods", "Retrained winners", "early stopping"):
        assert f"## {title}" in text or title in text
    assert text.count("- ") >= 10 and "hyperband: " in text
    single = "\n".join(sections(evidence_of(plausible(8, 4))))
    assert "Every two methods" not in single and "Retrained winners" not in single
    assert "How the searches went" in single


def test_an_audited_trial_that_no_search_stopped_is_refused():
    with pytest.raises(ValueError, match="not a stopped trial"):
        evidence_of(plausible(2, 2), [], [AuditedTrial("random", 0, "nobody", 0.3, 9)])


def test_tables_have_one_row_per_method_and_one_row_per_pair():
    evidence = evidence_of(plausible(5, 3, 0, 4))
    finals, pairs = finals_frame(evidence.finals), pairs_frame(evidence.verdicts)
    assert list(finals.columns) == list(FINALS_COLUMNS) and len(finals) == 5
    assert list(pairs.columns) == list(PAIRS_COLUMNS) and len(pairs) == 10
    first = evidence.verdicts[0]
    assert pairs.loc[0, "difference_low"] == first.pair.difference.low
    assert pairs.loc[0, "outcome"] == first.outcome
    alone = evidence_of(plausible(1, 1)[:1])
    assert list(pairs_frame(alone.verdicts).columns) == list(PAIRS_COLUMNS)


def test_a_method_alone_has_no_pairs():
    evidence = evidence_of(plausible(4, 2, 0, 3)[:3])
    assert evidence.verdicts == ()
    assert (evidence.finals[0].rank, evidence.finals[0].ranked) == (1.0, 3)
