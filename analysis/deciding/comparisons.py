"""Compare replayed methods: differences with the error of the table, and verdicts by the study's rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.deciding.runs import RESAMPLED
from analysis.statistics.intervals import CONFIDENCE, Estimate, Floats
from analysis.statistics.pairwise import holm
from analysis.statistics.verdicts import ALPHA, Outcome
from fashion_wb.study.fashion_mnist import MARGIN

# Those of the means on the resampled tables.
FREEDOM = RESAMPLED - 1


@dataclass(frozen=True)
class Values:
    """A result of every replicate of a condition.

    Attributes:
        of: shape (n,).
        table, replicate: of each, shape (n,); table 0 is the table itself, others are resampled.
    """

    of: Floats
    table: npt.NDArray[np.int64]
    replicate: npt.NDArray[np.int64]

    def minus(self, other: Values) -> Values:
        """Return the differences in the replicates that both have."""
        mine = {(t, r): value for t, r, value in zip(self.table, self.replicate, self.of, strict=True)}
        theirs = {(t, r): value for t, r, value in zip(other.table, other.replicate, other.of, strict=True)}
        keys = [key for key in mine if key in theirs]
        return Values(
            np.array([mine[key] - theirs[key] for key in keys]),
            np.array([table for table, _ in keys]),
            np.array([replicate for _, replicate in keys]),
        )


@dataclass(frozen=True)
class Compared:
    """One method against another.

    Attributes:
        difference: mean of the first's true loss minus the second's, with its interval, not corrected.
        outcome: the verdict on the first.
        p, p_equivalent: of the difference, and of the equivalence, both corrected for the family.
        deviation: standard deviation of the difference on the table.
        table_share: share of the variance of the mean that is the table's own error, in [0, 1].
    """

    difference: Estimate
    outcome: Outcome
    p: float
    p_equivalent: float
    deviation: float
    table_share: float


def estimate(values: Values) -> tuple[Estimate, float]:
    """Estimate the mean of a result on the table, with the table's own error in its interval.

    With W the variance between replicates on the table and B that between the means of the resampled tables,
    each of m replicates, the variance of the mean of n is W / n + max(0, B - W / m); docs/protocol.md.

    Returns:
        The estimate, and the share of the variance that is the table's.
    """
    on_table = values.of[values.table == 0]
    groups = [values.of[values.table == number] for number in range(1, RESAMPLED + 1)]
    within, n = float(on_table.var(ddof=1)), len(on_table)
    each = float(np.mean([len(group) for group in groups]))
    between = float(np.var([group.mean() for group in groups], ddof=1))
    of_table = max(0.0, between - within / each)
    variance = within / n + of_table
    half = float(special.stdtrit(FREEDOM, (1 + CONFIDENCE) / 2)) * math.sqrt(variance)
    mean = float(on_table.mean())
    share = of_table / variance if variance > 0 else 0.0
    return Estimate(mean, mean - half, mean + half, CONFIDENCE, n), share


def compare_family(family: Mapping[str, Values], margin: float = MARGIN) -> dict[str, Compared]:
    """Judge differences of one family by the study's rule, each kind of test corrected by Holm's method.

    Args:
        family: by name, the differences.
        margin: smaller differences are equivalent.
    """
    names = list(family)
    estimates = {name: estimate(values) for name, values in family.items()}
    errors = {name: _error(found) for name, (found, _) in estimates.items()}
    p = holm([_two_sided(estimates[name][0].value, errors[name]) for name in names])
    p_equivalent = holm([_within(estimates[name][0].value, errors[name], margin) for name in names])
    return {
        name: Compared(
            estimates[name][0],
            _outcome(estimates[name][0].value, one, same),
            one,
            same,
            float(family[name].of[family[name].table == 0].std(ddof=1)),
            estimates[name][1],
        )
        for name, one, same in zip(names, p, p_equivalent, strict=True)
    }


def _error(found: Estimate) -> float:
    return (found.high - found.low) / 2 / float(special.stdtrit(FREEDOM, (1 + CONFIDENCE) / 2))


def _two_sided(difference: float, error: float) -> float:
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * special.stdtr(FREEDOM, -abs(difference) / error))


def _within(difference: float, error: float, margin: float) -> float:
    if error == 0:
        return 0.0 if abs(difference) < margin else 1.0
    return float(special.stdtr(FREEDOM, -(margin - abs(difference)) / error))


def _outcome(difference: float, p: float, p_equivalent: float) -> Outcome:
    if p_equivalent <= ALPHA:
        return Outcome.EQUIVALENT
    if p <= ALPHA:
        return Outcome.BETTER if difference < 0 else Outcome.WORSE
    return Outcome.UNDECIDED


def all_pairs(values: Mapping[str, Values]) -> dict[tuple[str, str], Values]:
    """Return the differences of every two methods, in order."""
    names: Sequence[str] = list(values)
    return {
        (a, b): values[a].minus(values[b]) for position, a in enumerate(names) for b in names[position + 1 :]
    }
