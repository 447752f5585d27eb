"""Verdicts on pairs of methods as sentences: one for each pair, and a summary for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.formatting import count_of
from analysis.statistics.pairwise import MIN_REPLICATES, Pair
from analysis.statistics.power import MAX_REPLICATES
from analysis.statistics.verdicts import Outcome, Verdict


def sentence(verdict: Verdict) -> str:
    """What the replicates show of two methods, with the numbers behind it."""
    pair = verdict.pair
    if pair.n < MIN_REPLICATES:
        return (
            f"{pair.a} and {pair.b}: undecided. Results of both from {count_of(pair.n, 'replicate')}; "
            f"fewer than {MIN_REPLICATES} cannot tell a difference from chance."
        )
    seen = f"{_difference(pair)}, n = {pair.n} replicates"
    if verdict.outcome is Outcome.EQUIVALENT:
        return (
            f"{pair.a} and {pair.b} are equivalent within {verdict.margin:g}: {seen}, "
            f"{_p(pair.p_equivalent_holm, pair.tests)}."
        )
    if verdict.outcome is Outcome.UNDECIDED:
        return f"{pair.a} and {pair.b}: undecided; {seen}. {_further(verdict.more_replicates)}"
    return f"{pair.a} is {verdict.outcome} than {pair.b}: {seen}, {_p(pair.p_holm, pair.tests)}."


def summary(verdicts: Sequence[Verdict]) -> str:
    """All verdicts in a few sentences: who is better than whom, what is equivalent, how much is undecided.

    Args:
        verdicts: of all pairs of one study, at least one, at least one with MIN_REPLICATES replicates.
    """
    margin, counts = verdicts[0].margin, sorted({verdict.pair.n for verdict in verdicts})
    replicates = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    claims = [*_better(verdicts), *_equivalent(verdicts)]
    undecided = [verdict for verdict in verdicts if verdict.outcome is Outcome.UNDECIDED]
    if undecided and not claims:
        claims = ["no method is shown to be better than another, nor equivalent to it"]
    text = (
        f"Final validation loss, n = {replicates} paired replicates, {count_of(len(verdicts), 'pair')} of "
        "methods, tested so that at most 5% of such studies claim a difference where there is none: "
        f"{'; '.join(claims)}."
    )
    if undecided:
        text += f" Undecided: {len(undecided)} of {count_of(len(verdicts), 'pair')}"
        text += f", to be told apart or found equivalent within {margin:g}{_least(undecided)}."
    return text


def repeats_replicates(trials: pd.DataFrame) -> bool:
    """Whether some method has several searches of one replicate number, so that they have no partners."""
    searches = trials.drop_duplicates(["method", "sweep"])
    return bool(searches.duplicated(["method", "replicate"]).any())


def _better(verdicts: Sequence[Verdict]) -> list[str]:
    beaten: dict[str, list[str]] = {}
    for verdict in verdicts:
        a, b = verdict.pair.a, verdict.pair.b
        if verdict.outcome is Outcome.BETTER:
            beaten.setdefault(a, []).append(b)
        elif verdict.outcome is Outcome.WORSE:
            beaten.setdefault(b, []).append(a)
    most_first = sorted(beaten.items(), key=lambda item: -len(item[1]))
    return [f"{method} is better than {_listed(others)}" for method, others in most_first]


def _equivalent(verdicts: Sequence[Verdict]) -> list[str]:
    return [
        f"{one.pair.a} and {one.pair.b} are equivalent within {one.margin:g}"
        for one in verdicts
        if one.outcome is Outcome.EQUIVALENT
    ]


def _least(undecided: Sequence[Verdict]) -> str:
    known = [verdict.more_replicates for verdict in undecided if verdict.more_replicates is not None]
    if not known:
        return ""
    needed = count_of(min(known), "more replicate")
    return f"; the nearest to a decision needs about {needed} (and with a second look 5% become about 10%)"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _difference(pair: Pair) -> str:
    found = pair.difference
    if pair.spread == 0 and abs(found.value) <= 1e-12:
        return "the same loss in every replicate"
    side = "lower" if found.value < 0 else "higher"
    text = f"{pair.a}'s final loss is {abs(found.value):.4f} {side} on average"
    if pair.spread == 0:
        return f"{text}, by the same in every replicate"
    return f"{text} (difference {found.value:+.4f}, 95% interval {found.low:+.4f} to {found.high:+.4f})"


def _p(p: float, tests: int) -> str:
    text = "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}"
    return text if tests == 1 else f"{text} after correction for {tests} pairs"


def _further(more: int | None) -> str:
    if more is None:
        return f"Not even {MAX_REPLICATES:,} replicates would be likely to decide, if this difference and spread hold."
    return (
        f"About {count_of(more, 'more replicate')} of both would decide in 8 of 10 studies, if this "
        "difference and spread hold."
    )
