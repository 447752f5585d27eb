"""Verdicts as sentences: one for each pair of methods, and a summary of all pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.formatting import count_of
from analysis.records.subject import Subject
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.power import MAX_REPLICATES
from analysis.statistics.verdicts import ALPHA, RETRAINED, Outcome, Verdict

_NO_BETTER = "No method is shown to be better than another"
_NO_CLAIM = f"{_NO_BETTER} or equivalent to it"


def sentence(verdict: Verdict, subject: Subject, form: str) -> str:
    """Say what the replicates show about two methods, with the numbers; `form` is that of the objective."""
    pair = verdict.pair
    if pair.n < MIN_REPLICATES:
        return (
            f"{pair.a} and {pair.b} are undecided: both have a result in {count_of(pair.n, 'replicate')}, "
            f"and fewer than {MIN_REPLICATES} cannot tell a difference from chance."
        )
    seen = f"{_difference(verdict, subject, form)}, n = {pair.n} replicates"
    if verdict.outcome is Outcome.EQUIVALENT:
        return (
            f"{pair.a} and {pair.b} are equivalent within {verdict.margin:g}: {seen}, "
            f"{_p(pair.p_equivalent_holm, pair.tests)}."
        )
    if verdict.outcome is Outcome.UNDECIDED:
        return f"{pair.a} and {pair.b} are undecided: {seen}. {_needed(verdict.more_replicates)}"
    return f"{pair.a} is {verdict.outcome} than {pair.b}: {seen}, {_p(pair.p_holm, pair.tests)}."


def summary(verdicts: Sequence[Verdict], subject: Subject) -> str:
    """Summarise all verdicts: first who is better, equivalent or undecided, then how far to trust this.

    Args:
        verdicts: those on all pairs of one study. At least one pair has MIN_REPLICATES replicates.
        subject: what the searches have in common.
    """
    margin, counts = verdicts[0].margin, sorted({verdict.pair.n for verdict in verdicts})
    replicates = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    claims = [*_better(verdicts), *_equivalent(verdicts)]
    undecided = [verdict for verdict in verdicts if verdict.outcome is Outcome.UNDECIDED]
    if not claims:
        claims = [_NO_CLAIM if margin is not None else _NO_BETTER]
    pairs, needed = count_of(len(verdicts), "pair"), _least_needed(undecided)
    text = f"{'; '.join(claims)}."
    if undecided:
        text += f" Undecided: {len(undecided)} of {pairs}{needed}."
    text += (
        f" The comparison uses the {_result(verdicts[0], subject)} of n = {replicates} paired replicates, "
        f"{pairs} of methods. {_meaning(margin)} {_false_claims(verdicts)}"
    )
    if needed:
        text += " Looking again after adding replicates raises that to about 10%."
    return text


def unpaired(conditions: Mapping[str, Any] | None) -> list[str]:
    """Return a sentence that says so if the trials of a study have no seed in common; otherwise nothing."""
    if conditions is None or conditions.get("paired", True):
        return []
    return [
        "Trials are not paired: no parameter gives them a seed, so replicates of two methods share a number "
        "only. Paired tests stay valid, but find less than they would with paired trials."
    ]


def repeats_replicates(trials: pd.DataFrame) -> bool:
    """Return whether a method has several searches with one replicate number, which cannot be paired."""
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


def _meaning(margin: float | None) -> str:
    if margin is None:
        return "No margin is set, so no pair can be equivalent."
    return f"Equivalent means a difference of less than {margin:g}."


def _least_needed(undecided: Sequence[Verdict]) -> str:
    """Say how many replicates the undecided pair closest to a decision needs, if that is known."""
    known = [verdict.more_replicates for verdict in undecided if verdict.more_replicates is not None]
    if not known:
        return ""
    which = "it" if len(undecided) == 1 else "the pair closest to a decision"
    return f"; {which} needs about {count_of(min(known), 'more replicate')}"


def _false_claims(verdicts: Sequence[Verdict]) -> str:
    claim = f"study of identical methods claims a difference at most {100 * ALPHA:g}% of the time."
    tests = verdicts[0].pair.tests
    return f"A {claim}" if tests == 1 else f"The tests are corrected for {tests} pairs: a {claim}"


def _result(verdict: Verdict, subject: Subject) -> str:
    text = f"{verdict.endpoint} {subject.metric.name}"
    return (
        f"{text}, that of each search's best configuration trained anew,"
        if verdict.endpoint == RETRAINED
        else text
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _difference(verdict: Verdict, subject: Subject, form: str) -> str:
    pair, endpoint = verdict.pair, verdict.endpoint
    found = pair.difference
    if pair.spread == 0 and abs(found.value) <= 1e-12:
        return f"the same {subject.metric.name} in every replicate"
    side = "lower" if found.value < 0 else "higher"
    text = f"{pair.a}'s {endpoint} {subject.metric.name} is {abs(found.value):{form}} {side} on average"
    if pair.spread == 0:
        return f"{text}, by the same amount in every replicate"
    signed = f"+{form}"
    interval = f"{found.low:{signed}} to {found.high:{signed}}"
    return f"{text} (difference {found.value:{signed}}, 95% interval {interval})"


def _p(p: float, tests: int) -> str:
    text = "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}"
    return text if tests == 1 else f"{text} after correction for {tests} pairs"


def _needed(more: int | None) -> str:
    if more is None:
        return (
            f"Even {MAX_REPLICATES:,} replicates would probably not decide, if the true difference and "
            "spread are as observed."
        )
    return (
        f"About {count_of(more, 'more replicate')} of each would decide in 8 of 10 studies, if the true "
        "difference and spread are as observed."
    )
