"""Sentences for practitioners: right about the direction for both goals, silent without replicates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from analysis_cases import plausible, record, trial

from analysis.evidence import gather
from analysis.records.reruns import RetrainedWinner
from analysis.tables.practical_text import practical_sentences
from fashion_wb.study.reported import Reported
from fashion_wb.trial import Metric

UPWARD = Metric("valid_loss", "maximize")


def study(goal_sign=1, better=0.1, replicates=6):
    """Random search, a method that is `better`, and one that stops trials after one step."""
    chance = np.random.default_rng(0)
    searches, winners = [], []
    for r in range(replicates):
        for method, level in (("random", 0.5), ("good", 0.5 - better), ("stopping", 0.5)):
            losses = [goal_sign * (level + 0.001 * chance.normal()) for _ in range(2)]
            state = "stopped" if method == "stopping" else "finished"
            kept = (
                trial(0, [losses[0]] * 4),
                trial(1, [losses[1]] * (1 if state == "stopped" else 4), state),
            )
            made = record(method, f"{method}{r}", kept, r)
            searches.append(replace(made, metric=UPWARD) if goal_sign < 0 else made)
            again = goal_sign * (level + 0.002 * chance.normal())
            winners.append(RetrainedWinner(method, r, again, (1,), (again,), {"valid_loss": (again,)}))
    return gather(searches, winners, reported=Reported(margin=0.01))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_better_method_gains_whatever_the_goal(sign):
    found = practical_sentences(study(sign))
    assert found[0].startswith("Against random search good gains 0.1")
    assert "in retrained valid_loss (95% interval of the gain +0.09" in found[0] and "n = 6" in found[0]


def test_a_worse_method_loses():
    found = practical_sentences(study(better=-0.1))
    assert found[0].startswith("Against random search good loses 0.099")
    assert "gain -0.10" in found[0]


def test_early_stopping_is_said_to_save_and_to_cost():
    (text,) = [one for one in practical_sentences(study()) if one.startswith("Early stopping")]
    # Five of eight steps were spent.
    assert "by stopping saves 38%" in text and "of random search, and costs" in text


def test_the_time_to_the_target_counts_nine_of_ten_searches():
    evidence = study(replicates=10)
    texts = [one for one in practical_sentences(evidence) if one.startswith("Until 9 of 10")]
    (reached,) = [one for one in evidence.reached["seconds"] if one.method == "good"]
    assert len(texts) == 1 and f"good {np.sort(reached.spent)[8]:,.0f} s" in texts[0]


def test_without_replicates_or_random_search_there_is_nothing_to_say():
    assert practical_sentences(gather(plausible(3, 3))) == ()
    evidence = study()
    alone = [one for one in plausible(3, 3, 1, 5) if one.method != "random"]
    assert not [one for one in practical_sentences(gather(alone)) if "random" in one]
    assert practical_sentences(evidence)
