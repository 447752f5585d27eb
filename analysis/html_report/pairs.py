"""The page's view of every two methods: a matrix to look at, and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.html_report.cells import NONE, Cell, Table, estimate, number, percent
from analysis.statistics.verdicts import Outcome, Verdict
from analysis.tables.verdict_text import sentence

OPPOSITE = {Outcome.BETTER: Outcome.WORSE, Outcome.WORSE: Outcome.BETTER}
# A sign beside the word and the colour.
SIGNS = {Outcome.BETTER: "▲", Outcome.WORSE: "▼", Outcome.EQUIVALENT: "=", Outcome.UNDECIDED: "?"}


@dataclass(frozen=True)
class Square:
    """A field of the matrix: the row's method against the column's.

    Attributes:
        outcome: the verdict on the row's method.
        sign: stands for it.
        difference: mean final loss of the row's minus the column's method; a dash where not known.
        n: replicates compared.
        words: the verdict as a sentence.
    """

    outcome: str
    sign: str
    difference: str
    n: int
    words: str


@dataclass(frozen=True)
class Matrix:
    """Rows and columns are `methods`; None on the diagonal."""

    methods: tuple[str, ...]
    rows: tuple[tuple[Square | None, ...], ...]


def pair_matrix(methods: Sequence[str], verdicts: Sequence[Verdict]) -> Matrix:
    """Every ordered pair of methods."""
    squares = {}
    for one in verdicts:
        a, b, found = one.pair.a, one.pair.b, one.pair.difference.value
        squares[a, b] = _square(one, one.outcome, found)
        squares[b, a] = _square(one, OPPOSITE.get(one.outcome, one.outcome), -found)
    rows = tuple(tuple(squares.get((a, b)) for b in methods) for a in methods)
    return Matrix(tuple(methods), rows)


def pairs_table(verdicts: Sequence[Verdict]) -> Table:
    """A row a pair: the verdict and the numbers behind it."""
    header = ("first against second", "verdict on the first", "n", "difference of final loss")
    header += ("first lower in", "Hedges' g", "p", "p, equivalence", "p, Wilcoxon", "replicates still needed")
    caption = (
        "Differences are means over paired replicates, under 0 where the first method found the lower loss; "
        "95% intervals stand below. p: paired t-test, and two one-sided ones for equivalence within "
        f"{verdicts[0].margin:g}; all p are corrected by Holm over {verdicts[0].pair.tests} pairs. "
        "Wilcoxon's decides nothing. Replicates still needed: for a decision in 8 of 10 studies, were the "
        "difference and spread seen the true ones."
    )
    return Table(caption, header, tuple(map(_row, verdicts)), (0, 1))


def _square(one: Verdict, outcome: Outcome, difference: float) -> Square:
    return Square(outcome.value, SIGNS[outcome], number(difference, "+z.4f"), one.pair.n, sentence(one))


def _row(one: Verdict) -> tuple[str | Cell, ...]:
    pair = one.pair
    return (
        f"{pair.a} against {pair.b}",
        one.outcome.value,
        str(pair.n),
        estimate(pair.difference, "+z.4f"),
        percent(pair.a_lower),
        number(pair.effect, "+.2f"),
        *map(_p, (pair.p_holm, pair.p_equivalent_holm, pair.p_wilcoxon_holm)),
        NONE if one.more_replicates is None else str(one.more_replicates),
    )


def _p(p: float) -> str:
    if math.isnan(p):
        return NONE
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"
