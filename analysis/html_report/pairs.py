"""The page's view of every two methods: a matrix to look at, and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.html_report.cells import DASH, Cell, Table, estimate, number, percent
from analysis.records.subject import Subject
from analysis.statistics.verdicts import Outcome, Verdict
from analysis.tables.verdict_text import sentence

OPPOSITE = {Outcome.BETTER: Outcome.WORSE, Outcome.WORSE: Outcome.BETTER}
# Shown beside the word, for readers who do not see the colour.
SIGNS = {Outcome.BETTER: "▲", Outcome.WORSE: "▼", Outcome.EQUIVALENT: "=", Outcome.UNDECIDED: "?"}


@dataclass(frozen=True)
class MatrixCell:
    """A cell of the matrix: the row's method against the column's.

    Attributes:
        outcome: the verdict on the row's method.
        sign: the symbol of the verdict.
        difference: mean result of the row's method minus the column's; a dash if unknown.
        n: replicates compared.
        sentence: the verdict as a sentence.
    """

    outcome: str
    sign: str
    difference: str
    n: int
    sentence: str


@dataclass(frozen=True)
class Matrix:
    """Cells with a row and a column for each of `methods`; None on the diagonal."""

    methods: tuple[str, ...]
    rows: tuple[tuple[MatrixCell | None, ...], ...]


def pair_matrix(methods: Sequence[str], verdicts: Sequence[Verdict], subject: Subject, form: str) -> Matrix:
    """Make a cell for every ordered pair of methods."""
    squares = {}
    for one in verdicts:
        a, b, found = one.pair.a, one.pair.b, one.pair.difference.value
        squares[a, b] = _cell(one, one.outcome, found, subject, form)
        squares[b, a] = _cell(one, OPPOSITE.get(one.outcome, one.outcome), -found, subject, form)
    rows = tuple(tuple(squares.get((a, b)) for b in methods) for a in methods)
    return Matrix(tuple(methods), rows)


def pairs_table(verdicts: Sequence[Verdict], subject: Subject, form: str) -> Table:
    """Make a row per pair: the verdict and the numbers behind it."""
    header: tuple[str, ...] = ("first against second", "verdict on the first", "n")
    header += (
        f"difference of {verdicts[0].endpoint} {subject.metric.name}",
        "first is better in",
        "Hedges' g",
    )
    header += ("p, difference", "p, equivalence", "p, Wilcoxon", "replicates still needed")
    caption = (
        "Differences are first minus second, means over n paired replicates; "
        f"{'below' if subject.sign > 0 else 'above'} 0 the first method is better. 95% "
        "intervals are in small print. p, difference: paired t-test. p, equivalence: "
        f"{_equivalence(verdicts[0].margin)}. p, Wilcoxon: signed-rank test, for comparison "
        f"only; no verdict uses it. Holm's method corrects every p for {verdicts[0].pair.tests} pairs. "
        "Replicates still needed: for a decision in 8 of 10 studies, if the true difference and spread are "
        "the ones observed."
    )
    return Table(caption, header, tuple(_row(one, form) for one in verdicts), (0, 1))


def _equivalence(margin: float | None) -> str:
    if margin is None:
        return "not tested, because no margin is set"
    return f"two one-sided t-tests within {margin:g}"


def _cell(one: Verdict, outcome: Outcome, difference: float, subject: Subject, form: str) -> MatrixCell:
    text = number(difference, f"+z{form}")
    return MatrixCell(outcome.value, SIGNS[outcome], text, one.pair.n, sentence(one, subject, form))


def _row(one: Verdict, form: str) -> tuple[str | Cell, ...]:
    pair = one.pair
    return (
        f"{pair.a} against {pair.b}",
        one.outcome.value,
        str(pair.n),
        estimate(pair.difference, f"+z{form}"),
        percent(pair.a_better),
        number(pair.effect, "+.2f"),
        *map(_p, (pair.p_holm, pair.p_equivalent_holm, pair.p_wilcoxon_holm)),
        DASH if one.more_replicates is None else str(one.more_replicates),
    )


def _p(p: float) -> str:
    if math.isnan(p):
        return DASH
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"
