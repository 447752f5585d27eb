"""The top of the page: what was compared, and the verdict in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import count_of, format_value
from analysis.html_report.cells import count_range, duration
from analysis.statistics.methods import HYPERPARAMETERS, best_trial
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import Outcome, Verdict
from analysis.tables.comparison import verdict
from analysis.tables.verdict_text import summary


def headline(evidence: Evidence) -> str:
    """Give the verdict in one sentence. It names a winner only if that beats every other method."""
    methods = evidence.methods
    if best_trial(evidence.trials) is None:
        return "There is no result to compare."
    if len(methods) == 1:
        return f"Only {methods[0]} was run: there is nothing to compare it with."
    if not any(one.pair.n >= MIN_REPLICATES for one in evidence.verdicts):
        return _too_few(evidence)
    return _judged(methods, evidence.verdicts)


def statements(evidence: Evidence) -> tuple[str, ...]:
    """Give the evidence behind the headline: the verdicts, the retrained winners, the best trial."""
    best = best_trial(evidence.trials)
    if best is None:
        return (verdict(evidence.trials, evidence.margin),)
    tested = any(one.pair.n >= MIN_REPLICATES for one in evidence.verdicts)
    verdicts = [summary(evidence.verdicts)] if tested else []
    return (*verdicts, *_winners(evidence), _best(best))


def study_size(evidence: Evidence) -> str:
    """Say in one line how much was run."""
    trials, searches = len(evidence.trials), len(evidence.results)
    each = count_range(evidence.results.groupby("method").size()) if searches else "0"
    known = evidence.trials["seconds"].dropna().sum()
    parts = [
        count_of(len(evidence.methods), "method"),
        f"n = {each} {'search' if each == '1' else 'searches'} of each",
        count_of(trials, "trial") if trials < 1000 else f"{trials:,} trials",
        f"{int(evidence.trials['epochs'].sum()):,} epochs",
        f"{duration(known)} of training",
    ]
    return " · ".join(parts)


def _winners(evidence: Evidence) -> list[str]:
    known = [one for one in evidence.winners or () if math.isfinite(one.test_accuracy.value)]
    if not known:
        return []
    known.sort(key=lambda one: one.test_accuracy.value)
    ends = dict.fromkeys(f"{one.test_accuracy.value:.4f} ({one.method})" for one in (known[0], known[-1]))
    n = count_range(one.searches for one in known)
    searches = "search" if n == "1" else "searches"
    accuracy = " to ".join(ends)
    return [f"Retrained winners reach a mean test accuracy of {accuracy}, n = {n} {searches} of each method."]


def _best(best: pd.Series[Any]) -> str:
    names = [name for name in HYPERPARAMETERS if pd.notna(best[name])]
    known = [f"{name} {format_value(name, best[name])}" for name in names]
    configuration = ", ".join(known) or "nothing recorded"
    results = [f"validation loss {format_value('valid_loss', best['valid_loss'])}"]
    if pd.notna(best["valid_accuracy"]):
        results.append(f"accuracy {format_value('valid_accuracy', best['valid_accuracy'])}")
    return f"Best single trial: {configuration} ({best['method']}, run {best['run']}), {', '.join(results)}."


def _too_few(evidence: Evidence) -> str:
    if evidence.results.groupby("method").size().max() == 1:
        return "One search of each method cannot show which method is better."
    return f"Fewer than {MIN_REPLICATES} paired replicates cannot show which method is better."


def _judged(methods: Sequence[str], verdicts: Sequence[Verdict]) -> str:
    wins = _wins(verdicts)
    best = max(methods, key=lambda method: wins.get(method, 0))
    if wins.get(best, 0) == len(methods) - 1:
        return f"{best} found lower losses than {_others(len(methods) - 1)}."
    undecided = sum(one.outcome is Outcome.UNDECIDED for one in verdicts)
    pairs = count_of(len(verdicts), "pair")
    are_undecided = "is undecided" if undecided == 1 else "are undecided"
    if wins:
        rest = f"{undecided} {are_undecided}" if undecided else "none is undecided"
        differ = sum(wins.values())
        verb = "differs" if differ == 1 else "differ"
        return f"No method beats all others: {differ} of {pairs} {verb}, {rest}."
    if undecided == 0:
        return f"All methods are equivalent within {verdicts[0].margin:g} of validation loss."
    if undecided < len(verdicts):
        some = f"{undecided} of {pairs} {are_undecided}"
        return f"No method is shown to be better than another: {some}, the rest equivalent."
    return "No method is shown to be better than another."


def _wins(verdicts: Sequence[Verdict]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in verdicts:
        if one.outcome in (Outcome.BETTER, Outcome.WORSE):
            winner = one.pair.a if one.outcome is Outcome.BETTER else one.pair.b
            found[winner] = found.get(winner, 0) + 1
    return found


def _others(count: int) -> str:
    return "the other method" if count == 1 else f"each of the other {count} methods"
