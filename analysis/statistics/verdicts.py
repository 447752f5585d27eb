"""The verdict on every two methods: better, worse, equivalent or undecided.

The rule looks at the mean difference of the searches' results in paired replicates. The result of a search is
that of its best configuration, retrained; without retrainings, it is the final incumbent, which rewards luck.

1. If two one-sided t-tests place it within the margin, the methods are equivalent. A study without a margin
   has no such verdict.
2. Otherwise, if a two-sided paired t-test finds a difference, the first method is better or worse.
3. Otherwise the pair is undecided.

Each kind of test is corrected by Holm's method over all pairs. At most 5% of studies of identical methods
claim a difference. At most 5% of studies of methods that differ by the margin or more claim an equivalence.
This is measured on simulated studies (benchmarks/aa.py) whose number of replicates is fixed in advance.
Testing an undecided study again after adding replicates raises the 5% to about 10%. Wilcoxon's test is
reported but decides nothing: with 5 replicates its p cannot be below 0.0625, whatever the data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from analysis.statistics.pairwise import MIN_REPLICATES, Pair, compare_pairs, paired_results
from analysis.statistics.power import replicates_to_decide

# What a search's result is; see above.
FINAL, RETRAINED = "final", "retrained"
# At most this share of studies claims a false difference, and at most this share a false equivalence.
ALPHA = 0.05


class Outcome(StrEnum):
    """What a verdict says about the first of two methods."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """What the replicates show about two methods.

    Attributes:
        pair: the numbers.
        outcome: the outcome for pair.a against pair.b.
        margin: smaller differences are equivalent; in units of the objective. None if no pair can be
            equivalent.
        endpoint: the result that is compared: "retrained" or "final".
        more_replicates: number of replicates to add to both methods so that the tests decide in 8 of 10
            studies, if the observed difference and spread are the true ones. 0 if decided; None if unknown
            or if more than power.MAX_REPLICATES would be needed.
    """

    pair: Pair
    outcome: Outcome
    margin: float | None
    more_replicates: int | None
    endpoint: str = FINAL


def judge(pairs: Iterable[Pair], margin: float | None, endpoint: str = FINAL) -> tuple[Verdict, ...]:
    """Return the verdicts on pairs that `pairwise.compare_pairs` tested with the same `margin`."""
    return tuple(
        Verdict(pair, outcome_of(pair), margin, _more_replicates(pair, margin), endpoint) for pair in pairs
    )


def judge_searches(results: pd.DataFrame, margin: float | None) -> tuple[Verdict, ...]:
    """Return the verdicts on all pairs of methods.

    Args:
        results: the result of `winners.with_retrained`. The winners are compared as retrained if all
            searches that have one have retrained it.
        margin: as for `pairwise.compare_pairs`.
    """
    known = results["final"].notna()
    retrained = bool(known.any() and results.loc[known, "retrained"].notna().all())
    if retrained:
        results = results.assign(final=results["retrained"].where(known))
    pairs = compare_pairs(paired_results(results), margin)
    return judge(pairs, margin, RETRAINED if retrained else FINAL)


def outcome_of(pair: Pair) -> Outcome:
    """Return what the corrected tests of `pairwise.compare_pairs` say about a pair; lower is better."""
    # Comparisons with NaN are false, so a pair that was not tested stays undecided.
    if pair.p_equivalent_holm <= ALPHA:
        return Outcome.EQUIVALENT
    if pair.p_holm <= ALPHA:
        return Outcome.BETTER if pair.difference.value < 0 else Outcome.WORSE
    return Outcome.UNDECIDED


def _more_replicates(pair: Pair, margin: float | None) -> int | None:
    if outcome_of(pair) is not Outcome.UNDECIDED:
        return 0
    if pair.n < MIN_REPLICATES:
        return None
    # The level of Holm's first and strictest step; later steps need fewer replicates.
    alpha = ALPHA / pair.tests
    if pair.spread == 0:
        if margin is None and abs(pair.difference.value) <= 1e-12:
            return None
        sides = 1 if margin is not None and abs(pair.difference.value) < margin else 2
        return max(1, math.ceil(math.log2(sides / alpha)) - pair.n)
    needed = replicates_to_decide(pair.difference.value, pair.spread, margin, alpha)
    return None if needed is None else max(1, needed - pair.n)
