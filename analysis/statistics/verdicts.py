"""A verdict on every two methods: better, worse, equivalent, or undecided and how far from deciding.

The rule, on the mean difference of the final incumbents of paired replicates: equivalent if two one-sided
t-tests place it within the margin; else better or worse if a two-sided paired t-test finds it; else
undecided. Each kind of test is corrected by Holm over all pairs, so that at most 5% of studies claim any
difference where there is none, and at most 5% any equivalence where there is none. That was measured on
simulated studies (benchmarks/aa.py), for a number of replicates fixed beforehand: judging again after adding
replicates to an undecided study makes it up to about 10%. Wilcoxon's test is reported and decides nothing:
with 5 replicates its p cannot fall below 0.0625, whatever the data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from analysis.statistics.finals import search_results
from analysis.statistics.pairwise import MIN_REPLICATES, Pair, compare_pairs, paired_losses
from analysis.statistics.power import replicates_to_decide

ALPHA = 0.05
# About 0.4 points of accuracy near the best losses of this CNN, a little more than seeds alone make.
MARGIN = 0.01


class Outcome(StrEnum):
    """What is claimed of the first of two methods; lower loss is better."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """What the replicates show of two methods.

    Attributes:
        pair: the numbers.
        outcome: of pair.a against pair.b.
        margin: differences of less are equivalent, in units of the loss.
        more_replicates: further replicates of both methods with which the tests would decide in 8 of 10 studies, if
            the difference and spread seen are the true ones; 0 if decided, None if that is not known or
            the number is beyond power.MAX_REPLICATES.
    """

    pair: Pair
    outcome: Outcome
    margin: float
    more_replicates: int | None


def judge(pairs: Iterable[Pair], margin: float) -> tuple[Verdict, ...]:
    """The verdicts on pairs that `pairwise.compare_pairs` tested with the same `margin`."""
    return tuple(Verdict(pair, outcome_of(pair), margin, _more(pair, margin)) for pair in pairs)


def judge_trials(trials: pd.DataFrame, margin: float = MARGIN) -> tuple[Verdict, ...]:
    """The verdicts on all pairs of methods in `trials`, as `frames.trials_frame` gives it."""
    return judge(compare_pairs(paired_losses(search_results(trials)), margin), margin)


def outcome_of(pair: Pair) -> Outcome:
    """What the corrected tests of `pairwise.compare_pairs` claim of a pair."""
    # Written so that NaN decides nothing.
    if pair.p_equivalent_holm <= ALPHA:
        return Outcome.EQUIVALENT
    if pair.p_holm <= ALPHA:
        return Outcome.BETTER if pair.difference.value < 0 else Outcome.WORSE
    return Outcome.UNDECIDED


def _more(pair: Pair, margin: float) -> int | None:
    if outcome_of(pair) is not Outcome.UNDECIDED:
        return 0
    if pair.n < MIN_REPLICATES:
        return None
    # Holm's first and hardest step; a later one would need fewer.
    alpha = ALPHA / pair.tests
    if pair.spread == 0:
        sides = 1 if abs(pair.difference.value) < margin else 2
        needed = math.ceil(math.log2(sides / alpha))
    else:
        needed = replicates_to_decide(pair.difference.value, pair.spread, margin, alpha)
    return None if needed is None else max(1, needed - pair.n)
