"""Compare every two methods, replicate by replicate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from analysis.statistics.intervals import Estimate, Floats, mean, proportion, without_spread

# Two differences estimate the spread with one degree of freedom, which is too little for a test.
MIN_REPLICATES = 3
# Up to this many differences with ties or zeros, Wilcoxon's p comes from all sign patterns.
MAX_EXACT = 13


@dataclass(frozen=True)
class Pair:
    """Method `a` against method `b`, over the replicates in which both have a result.

    Attributes:
        a: the first method.
        b: the second method.
        n: number of replicates compared.
        difference: mean of a's final incumbent minus b's, with Student's interval; below 0 if a's
            objective is lower. The interval is not corrected for the number of pairs.
        spread: standard deviation of the differences; NaN for n < 2.
        a_better: share of replicates in which a has the better result, with Wilson's interval; ties count
            half.
        effect: Hedges' g of the paired differences, in units of `spread`; NaN without spread.
        p: two-sided p of the paired t-test, or of the exact sign test if all differences are equal. NaN for
            n < MIN_REPLICATES.
        p_holm: `p` after Holm's correction for all pairs of the study.
        p_equivalent: p of two one-sided t-tests of |mean| >= margin, or of sign tests as for `p`.
        p_equivalent_holm: `p_equivalent` after Holm's correction.
        p_wilcoxon: p of the two-sided Wilcoxon signed-rank test; it cannot be below 2 / 2**n.
        p_wilcoxon_holm: `p_wilcoxon` after Holm's correction.
        tests: number of pairs that the corrections account for.
    """

    a: str
    b: str
    n: int
    difference: Estimate
    spread: float
    a_better: Estimate
    effect: float
    p: float
    p_equivalent: float
    p_wilcoxon: float
    p_holm: float = math.nan
    p_equivalent_holm: float = math.nan
    p_wilcoxon_holm: float = math.nan
    tests: int = 0


def paired_results(results: pd.DataFrame) -> pd.DataFrame:
    """Return the final incumbents: one row per replicate, one column per method in the order of `results`.

    A cell is NaN if the replicate is missing or has no result. It is also NaN if the method has several
    searches of this replicate, since any of them could be the one to pair.
    """
    once = results.drop_duplicates(["method", "replicate"], keep=False)
    table = once.pivot(index="replicate", columns="method", values="final")
    return table.reindex(columns=list(results["method"].unique())).sort_index()


def compare_pairs(results: pd.DataFrame, margin: float | None) -> tuple[Pair, ...]:
    """Test all pairs of columns of `results`, in their order, and correct the tests together.

    Args:
        results: the result of `paired_results`; lower is better.
        margin: smaller differences are equivalent; in units of the objective. Without one, nothing is tested
            for equivalence: `p_equivalent` is NaN.

    Raises:
        ValueError: the margin is not above 0.
    """
    if margin is not None and not margin > 0:
        raise ValueError(f"the margin of equivalence must be above 0, got {margin}")
    columns = {method: results[method].to_numpy(dtype=float) for method in results.columns}
    names = list(combinations(columns, 2))
    differences = [known[~np.isnan(known)] for known in (columns[a] - columns[b] for a, b in names)]
    ranked = _wilcoxon(differences)
    pairs = [_pair(*name, own, margin, p) for name, own, p in zip(names, differences, ranked, strict=True)]
    plain, equivalent, wilcoxon = (
        holm([getattr(pair, name) for pair in pairs]) for name in ("p", "p_equivalent", "p_wilcoxon")
    )
    tests = sum(not math.isnan(pair.p) for pair in pairs)
    return tuple(
        replace(pair, p_holm=p, p_equivalent_holm=e, p_wilcoxon_holm=w, tests=tests)
        for pair, p, e, w in zip(pairs, plain, equivalent, wilcoxon, strict=True)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Apply Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979), in the order given.

    NaN stands for "not tested": it stays NaN and does not count.
    """
    p = np.asarray(p_values, dtype=float)
    order = [i for i in np.argsort(p, kind="stable") if not math.isnan(p[i])]
    corrected, least = np.full(len(p), math.nan), 0.0
    for position, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - position) * float(p[i])))
        corrected[i] = least
    return [float(value) for value in corrected]


def _pair(a: str, b: str, differences: Floats, margin: float | None, p_wilcoxon: float) -> Pair:
    n = len(differences)
    p, p_equivalent = _tests(differences, margin)
    spread = float(differences.std(ddof=1)) if n >= 2 else math.nan
    varied = n >= 2 and not without_spread(differences)
    # Hedges' correction for the bias of small samples, in its usual approximation.
    unbiased = 1 - 3 / (4 * (n - 1) - 1) if n >= 2 else math.nan
    return Pair(
        a=a,
        b=b,
        n=n,
        difference=mean(differences),
        spread=spread if varied or n < 2 else 0.0,
        a_better=proportion(np.sum(differences < 0) + np.sum(differences == 0) / 2, n),
        effect=float(unbiased * differences.mean() / spread) if varied else math.nan,
        p=p,
        p_equivalent=p_equivalent,
        p_wilcoxon=p_wilcoxon,
    )


def _tests(differences: Floats, margin: float | None) -> tuple[float, float]:
    """Return p for "there is no difference" and for "the difference is at least the margin".

    The second is NaN without a margin.
    """
    n = len(differences)
    if n < MIN_REPLICATES:
        return math.nan, math.nan
    centre = float(differences.mean())
    if without_spread(differences):
        # The t-test needs spread. The exact sign test does not: all n lie on one side of 0 or of the margin.
        one_sided = 0.5**n
        zero = bool(np.abs(differences).max() <= 1e-12)
        same = 1.0 if zero else 2 * one_sided
        if margin is None:
            return same, math.nan
        return same, (one_sided if abs(centre) < margin else 1.0)
    error = differences.std(ddof=1) / math.sqrt(n)
    difference = float(2 * special.stdtr(n - 1, -abs(centre) / error))
    if margin is None:
        return difference, math.nan
    return difference, float(special.stdtr(n - 1, (abs(centre) - margin) / error))


def _wilcoxon(differences: Sequence[Floats]) -> list[float]:
    """Return each p, exact for up to 50 differences; with ties or zeros, for up to MAX_EXACT."""
    differences = [_without_rounding(own) for own in differences]
    found = [math.nan if len(own) < MIN_REPLICATES else 1.0 for own in differences]
    together: dict[int, list[int]] = {}
    for i, own in enumerate(differences):
        tied = len(np.unique(np.abs(own))) < len(own) or not own.all()
        if len(own) >= MIN_REPLICATES and own.any():
            if tied and len(own) <= MAX_EXACT:
                found[i] = _signed_ranks(own[own != 0])
            else:
                together.setdefault(len(own), []).append(i)
    # A call of scipy costs far more than a row, so all tests of one n share a call.
    for same in together.values():
        p_values = stats.wilcoxon(np.stack([differences[i] for i in same]), method="auto", axis=1).pvalue
        for i, p in zip(same, p_values, strict=True):
            found[i] = float(p)
    return found


def _without_rounding(differences: Floats) -> Floats:
    # 0.102 - 0.1 and 0.143 - 0.141 are a tie that rounding errors hide. The scale does not affect ranks.
    largest = np.abs(differences).max(initial=0.0)
    return np.round(differences / largest, 9) if largest > 0 else differences


def _signed_ranks(differences: Floats) -> float:
    """Compute the exact p from all sign patterns; scipy's PermutationMethod takes 0.2 s for ten."""
    ranks = stats.rankdata(np.abs(differences))
    sums = _signs(len(ranks)) @ ranks
    seen = ranks[differences > 0].sum()
    return float(min(1.0, 2 * min(np.mean(sums >= seen - 1e-9), np.mean(sums <= seen + 1e-9))))


@cache
def _signs(n: int) -> npt.NDArray[np.int64]:
    """Return all 2**n patterns of n zeros and ones, one per row."""
    patterns: npt.NDArray[np.int64] = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    return patterns
