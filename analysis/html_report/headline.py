"""The top of the page: what was compared, and the verdict in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.evidence import Evidence
from analysis.formatting import count_of, result_form
from analysis.html_report.cells import count_range, duration
from analysis.statistics.methods import best_trial
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import Outcome, Verdict
from analysis.tables.comparison import configuration_of, results_of, verdict
from analysis.tables.practical_text import practical_sentences
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
    return _judged(evidence)


def statements(evidence: Evidence) -> tuple[str, ...]:
    """Give the evidence behind the headline: the verdicts, the retrained winners, the best trial."""
    best = best_trial(evidence.trials)
    if best is None:
        return (verdict(evidence),)
    tested = any(one.pair.n >= MIN_REPLICATES for one in evidence.verdicts)
    verdicts = [summary(evidence.verdicts, evidence.subject)] if tested else []
    configuration = configuration_of(best, evidence.subject)
    results = results_of(best, evidence.subject, evidence.forms)
    found = f"Best single trial: {configuration} ({best['method']}, run {best['run']}), {results}."
    return (*verdicts, *practical_sentences(evidence), *_winners(evidence), found)


def study_size(evidence: Evidence) -> str:
    """Say in one line how much was run."""
    trials, searches = len(evidence.trials), len(evidence.results)
    each = count_range(evidence.results.groupby("method").size()) if searches else "0"
    known = evidence.trials["seconds"].dropna().sum()
    parts = [
        count_of(len(evidence.methods), "method"),
        f"n = {each} {'search' if each == '1' else 'searches'} of each",
        count_of(trials, "trial") if trials < 1000 else f"{trials:,} trials",
        f"{int(evidence.trials['steps'].sum()):,} {evidence.subject.unit}s",
        f"{duration(known)} of trials",
    ]
    return " · ".join(parts)


def _winners(evidence: Evidence) -> list[str]:
    found = []
    for name in evidence.final:
        means = [(one.measured[name].mean, one.method) for one in evidence.winners or ()]
        known = [(mean, method) for mean, method in means if math.isfinite(mean.value)]
        if not known:
            continue
        known.sort(key=lambda each: each[0].value)
        form = result_form(mean.value for mean, _ in known)
        ends = dict.fromkeys(f"{mean.value:{form}} ({method})" for mean, method in (known[0], known[-1]))
        n = count_range(mean.n for mean, _ in known)
        searches = "search" if n == "1" else "searches"
        reached = " to ".join(ends)
        found.append(
            f"Retrained winners reach a mean {name} of {reached}, n = {n} {searches} of each method."
        )
    return found


def _too_few(evidence: Evidence) -> str:
    if evidence.results.groupby("method").size().max() == 1:
        return "One search of each method cannot show which method is better."
    return f"Fewer than {MIN_REPLICATES} paired replicates cannot show which method is better."


def _judged(evidence: Evidence) -> str:
    methods, verdicts = evidence.methods, evidence.verdicts
    wins, name = _wins(verdicts), evidence.subject.metric.name
    best = max(methods, key=lambda method: wins.get(method, 0))
    if wins.get(best, 0) == len(methods) - 1:
        return f"{best} found a better {name} than {_others(len(methods) - 1)}."
    undecided = sum(one.outcome is Outcome.UNDECIDED for one in verdicts)
    pairs = count_of(len(verdicts), "pair")
    are_undecided = "is undecided" if undecided == 1 else "are undecided"
    if wins:
        rest = f"{undecided} {are_undecided}" if undecided else "none is undecided"
        differ = sum(wins.values())
        verb = "differs" if differ == 1 else "differ"
        return f"No method beats all others: {differ} of {pairs} {verb}, {rest}."
    if undecided == 0:
        return f"All methods are equivalent within {verdicts[0].margin:g} of {name}."
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
