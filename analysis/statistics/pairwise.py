"""Every two methods against each other, replicate by replicate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.statistics.intervals import Estimate, mean, proportion, without_spread

# Two differences estimate a spread with one degree of freedom: nothing to build a claim on.
MIN_REPLICATES = 3
MAX_EXACT = 13


@dataclass(frozen=True)
class Pair:
    """Method `a` against method `b` over the replicates in which both have a result.

    Attributes:
        a: a method.
        b: another one.
        n: replicates compared.
        difference: mean of a's final incumbent minus b's, below 0 where a found the lower loss, with
            Student's interval; that of a single pair, not corrected for the number of pairs.
        spread: standard deviation of the differences; NaN for n < 2.
        a_lower: share of replicates in which a's loss was the lower, ties half, with Wilson's interval.
        effect: Hedges' g of the paired differences, in units of `spread`; NaN without spread.
        p: two-sided, that of the paired t-test; where all differences are equal, the exact sign test's.
            NaN for n < MIN_REPLICATES.
        p_holm: the same after Holm's correction for all pairs of the study.
        p_equivalent: that of two one-sided t-tests of |mean| >= margin (or sign tests, as for `p`).
        p_equivalent_holm: the same after Holm's correction.
        p_wilcoxon: two-sided Wilcoxon signed-rank test; it cannot fall below 2 / 2**n.
        p_wilcoxon_holm: the same after Holm's correction.
        tests: pairs that the corrections are for.
    """

    a: str
    b: str
    n: int
    difference: Estimate
    spread: float
    a_lower: Estimate
    effect: float
    p: float
    p_equivalent: float
    p_wilcoxon: float
    p_holm: float = math.nan
    p_equivalent_holm: float = math.nan
    p_wilcoxon_holm: float = math.nan
    tests: int = 0


def paired_losses(results: pd.DataFrame) -> pd.DataFrame:
    """Final incumbents with a row a replicate and a column a method, in the order of `results`.

    NaN where a replicate is missing, has no result, or where the method has several searches of that
    number: there is no telling which of them is the pair.
    """
    once = results.drop_duplicates(["method", "replicate"], keep=False)
    table = once.pivot(index="replicate", columns="method", values="final")
    return table.reindex(columns=list(results["method"].unique())).sort_index()


def compare_pairs(losses: pd.DataFrame, margin: float) -> tuple[Pair, ...]:
    """All pairs of columns of `losses`, in their order, tested and corrected together.

    Args:
        losses: as `paired_losses` gives it.
        margin: of equivalence, in units of the loss.

    Raises:
        ValueError: the margin is not above 0.
    """
    if not margin > 0:
        raise ValueError(f"the margin of equivalence must be above 0, got {margin}")
    columns = {method: losses[method].to_numpy(dtype=float) for method in losses.columns}
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
    """Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979), in the order given.

    NaN is no test: it stays NaN and is not counted.
    """
    p = np.asarray(p_values, dtype=float)
    order = [i for i in np.argsort(p, kind="stable") if not math.isnan(p[i])]
    corrected, least = np.full(len(p), math.nan), 0.0
    for position, i in enumerate(order):
        least = max(least, min(1.0, (len(order) - position) * float(p[i])))
        corrected[i] = least
    return corrected.tolist()


def _pair(a: str, b: str, differences: np.ndarray, margin: float, p_wilcoxon: float) -> Pair:
    n = len(differences)
    p, p_equivalent = _tests(differences, margin)
    spread = float(differences.std(ddof=1)) if n >= 2 else math.nan
    varied = n >= 2 and not without_spread(differences)
    # Hedges' correction of the small sample's bias, in its usual approximation.
    unbiased = 1 - 3 / (4 * (n - 1) - 1) if n >= 2 else math.nan
    return Pair(
        a=a,
        b=b,
        n=n,
        difference=mean(differences),
        spread=spread if varied or n < 2 else 0.0,
        a_lower=proportion(np.sum(differences < 0) + np.sum(differences == 0) / 2, n),
        effect=float(unbiased * differences.mean() / spread) if varied else math.nan,
        p=p,
        p_equivalent=p_equivalent,
        p_wilcoxon=p_wilcoxon,
    )


def _tests(differences: np.ndarray, margin: float) -> tuple[float, float]:
    """p of "there is no difference" and of "the difference is at least the margin"."""
    n = len(differences)
    if n < MIN_REPLICATES:
        return math.nan, math.nan
    centre = float(differences.mean())
    if without_spread(differences):
        # No spread, no t. The exact sign test asks for none: all n on one side of 0, or of the margin.
        one_sided = 0.5**n
        zero = bool(np.abs(differences).max() <= 1e-12)
        return (1.0 if zero else 2 * one_sided), (one_sided if abs(centre) < margin else 1.0)
    error = differences.std(ddof=1) / math.sqrt(n)
    difference = 2 * special.stdtr(n - 1, -abs(centre) / error)
    return float(difference), float(special.stdtr(n - 1, (abs(centre) - margin) / error))


def _wilcoxon(differences: Sequence[np.ndarray]) -> list[float]:
    """The p of each: exact for up to 50 differences without ties or zeros, or up to MAX_EXACT with them."""
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
    # scipy spends far more on a call than on a row.
    for same in together.values():
        p_values = stats.wilcoxon(np.stack([differences[i] for i in same]), method="auto", axis=1).pvalue
        for i, p in zip(same, p_values, strict=True):
            found[i] = float(p)
    return found


def _without_rounding(differences: np.ndarray) -> np.ndarray:
    # 0.102 - 0.1 and 0.143 - 0.141 are a tie, which the last digits of the floats hide; ranks know no unit.
    largest = np.abs(differences).max(initial=0.0)
    return np.round(differences / largest, 9) if largest > 0 else differences


def _signed_ranks(differences: np.ndarray) -> float:
    """The exact p by all sign patterns; scipy's PermutationMethod takes 0.2 s for ten, and the same p."""
    ranks = stats.rankdata(np.abs(differences))
    sums = _signs(len(ranks)) @ ranks
    seen = ranks[differences > 0].sum()
    return float(min(1.0, 2 * min(np.mean(sums >= seen - 1e-9), np.mean(sums <= seen + 1e-9))))


@cache
def _signs(n: int) -> np.ndarray:
    """All 2**n patterns of n zeros and ones, a row each."""
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1
