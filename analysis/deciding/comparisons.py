"""Compare replayed methods: differences with the error of the table, and verdicts by the study's rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.deciding.runs import RESAMPLED
from analysis.statistics.intervals import CONFIDENCE, Estimate, Floats
from analysis.statistics.pairwise import holm
from analysis.statistics.verdicts import ALPHA, Outcome
from fashion_wb.study.fashion_mnist import MARGIN


@dataclass(frozen=True)
class Values:
    """A result of every replicate of a condition.

    Attributes:
        of: shape (n,).
        table, replicate: of each, shape (n,); table 0 is the table itself, others are resampled.
        by_seed: for those on the table itself, in their order, the result with each seed of the table, of
            which `of` is the mean; shape (m, S). None if the result does not depend on it.
    """

    of: Floats
    table: npt.NDArray[np.int64]
    replicate: npt.NDArray[np.int64]
    by_seed: Floats | None = None

    @property
    def on_table(self) -> Floats:
        """The results on the table itself."""
        found: Floats = self.of[self.table == 0]
        return found

    @property
    def keys(self) -> list[tuple[int, int]]:
        """The table and the replicate of each."""
        return list(zip(self.table.tolist(), self.replicate.tolist(), strict=True))

    def minus(self, other: Values) -> Values:
        """Return the differences in the replicates that both have."""
        theirs = {key: position for position, key in enumerate(other.keys)}
        pairs = [(i, theirs[key]) for i, key in enumerate(self.keys) if key in theirs]
        mine, others = (np.array(positions, dtype=int) for positions in zip(*pairs, strict=True))
        by_seed = None
        if self.by_seed is not None and other.by_seed is not None:
            # The rows of `by_seed` are those of table 0, which come first.
            rows = self.table[mine] == 0
            by_seed = self.by_seed[mine[rows]] - other.by_seed[others[rows]]
        return Values(self.of[mine] - other.of[others], self.table[mine], self.replicate[mine], by_seed)


@dataclass(frozen=True)
class Error:
    """How far off a mean may be.

    Attributes:
        variance: of the mean.
        of_table: the part of it that is the table's own.
        freedom: degrees of freedom of `variance`.
    """

    variance: float
    of_table: float
    freedom: float

    def half(self, confidence: float = CONFIDENCE) -> float:
        """Half the width of the interval."""
        return float(special.stdtrit(self.freedom, (1 + confidence) / 2)) * math.sqrt(self.variance)


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


def error_of(values: Values, inflation: float = 1.0) -> Error:
    """Estimate how far the mean on the table may be from that on a table of all seeds.

    The table's part is the variance of the mean over its seeds, times `inflation`. Searches also depend on
    the table in what they choose; `inflation_of` measures how much that adds. Degrees of freedom after
    Satterthwaite (Biometrics Bulletin 2, 1946).
    """
    n = len(values.on_table)
    of_replicates = float(values.on_table.var(ddof=1)) / n
    if values.by_seed is None:
        return Error(of_replicates + max(0.0, _excess(values)), max(0.0, _excess(values)), RESAMPLED - 1)
    means = values.by_seed.mean(axis=0)
    of_table = inflation * float(means.var(ddof=1)) / len(means)
    variance = of_replicates + of_table
    if variance == 0:
        return Error(0.0, 0.0, n - 1)
    freedom = variance**2 / (of_replicates**2 / (n - 1) + of_table**2 / (len(means) - 1))
    return Error(variance, of_table, freedom)


def inflation_of(family: Iterable[Values]) -> float:
    """Return by how much the table's part is larger than the variance over its seeds says; at least 1.

    With W the variance between replicates on the table and B that between the means of the resampled tables,
    each of m replicates, the table's part is B - W / m. That is too noisy for a single difference, so it is
    summed over many.
    """
    measured, said = 0.0, 0.0
    for values in family:
        assert values.by_seed is not None
        means = values.by_seed.mean(axis=0)
        measured += _excess(values)
        said += float(means.var(ddof=1)) / len(means)
    return max(1.0, measured / said) if said > 0 else 1.0


def estimate(values: Values, inflation: float = 1.0) -> Estimate:
    """Estimate the mean of a result, with the table's own error in its interval; see `error_of`."""
    mean, half = float(values.on_table.mean()), error_of(values, inflation).half()
    return Estimate(mean, mean - half, mean + half, CONFIDENCE, len(values.on_table))


def compare_family(
    family: Mapping[str, Values], inflation: float = 1.0, margin: float = MARGIN
) -> dict[str, Compared]:
    """Judge differences of one family by the study's rule, each kind of test corrected by Holm's method.

    Args:
        family: by name, the differences.
        inflation: as for `error_of`.
        margin: smaller differences are equivalent.
    """
    names = list(family)
    means = {name: float(family[name].on_table.mean()) for name in names}
    errors = {name: error_of(family[name], inflation) for name in names}
    p = holm([_two_sided(means[name], errors[name]) for name in names])
    p_equivalent = holm([_within(means[name], errors[name], margin) for name in names])
    return {
        name: Compared(
            difference=estimate(family[name], inflation),
            outcome=_outcome(means[name], one, same),
            p=one,
            p_equivalent=same,
            deviation=float(family[name].on_table.std(ddof=1)),
            table_share=errors[name].of_table / errors[name].variance if errors[name].variance > 0 else 0.0,
        )
        for name, one, same in zip(names, p, p_equivalent, strict=True)
    }


def _excess(values: Values) -> float:
    groups = [values.of[values.table == number] for number in range(1, RESAMPLED + 1)]
    each = float(np.mean([len(group) for group in groups]))
    between = float(np.var([group.mean() for group in groups], ddof=1))
    return between - float(values.on_table.var(ddof=1)) / each


def _two_sided(difference: float, error: Error) -> float:
    if error.variance == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * special.stdtr(error.freedom, -abs(difference) / math.sqrt(error.variance)))


def _within(difference: float, error: Error, margin: float) -> float:
    if error.variance == 0:
        return 0.0 if abs(difference) < margin else 1.0
    return float(special.stdtr(error.freedom, -(margin - abs(difference)) / math.sqrt(error.variance)))


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
