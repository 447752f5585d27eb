"""Sentences that a practitioner can use, from the data of one study, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from analysis.evidence import Evidence
from analysis.formatting import count_of
from analysis.statistics.intervals import mean
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import Outcome, Verdict

_BASELINE = "random"
_MOST = 0.9


def practical_sentences(evidence: Evidence) -> tuple[str, ...]:
    """Say what random search gives away, what early stopping saves and costs, and how soon a target is met.

    Only methods with MIN_REPLICATES replicates are spoken of.
    """
    return (*_gains(evidence), *_stopping(evidence), *_soon(evidence))


def _gains(evidence: Evidence) -> Iterator[str]:
    shown = [one for one in _against_random(evidence) if one.outcome in (Outcome.BETTER, Outcome.WORSE)]
    for one in shown:
        pair, form = one.pair, evidence.form
        other = pair.b if pair.a == _BASELINE else pair.a
        # In units that are better when higher, and for the method, not for random search.
        sign = (1 if pair.a == _BASELINE else -1) * evidence.subject.sign
        found = pair.difference
        low, high = sorted((sign * found.low, sign * found.high))
        verb = "gains" if sign * found.value > 0 else "loses"
        name = f"{one.endpoint} {evidence.subject.metric.name}"
        yield (
            f"Against random search {other} {verb} {abs(found.value):{form}} in {name} "
            f"(95% interval of the gain {low:+{form}} to {high:+{form}}, n = {pair.n})."
        )


def _stopping(evidence: Evidence) -> Iterator[str]:
    stopped = evidence.trials[evidence.trials["state"] == "stopped"]["method"].unique()
    results = evidence.results
    for one in _against_random(evidence):
        method = one.pair.b if one.pair.a == _BASELINE else one.pair.a
        if method not in stopped:
            continue
        steps = results.pivot_table(index="replicate", columns="method", values="steps")
        trials = results.pivot_table(index="replicate", columns="method", values="trials")
        # Only the same number of trials tells what stopping saves.
        if not (trials[method] == trials[_BASELINE]).all():
            continue
        saved = mean((100 * (1 - steps[method] / steps[_BASELINE])).to_numpy(dtype=float))
        interval = "" if math.isnan(saved.low) else f" ({saved.low:.0f} to {saved.high:.0f})"
        cost = -evidence.subject.sign * (1 if one.pair.a == _BASELINE else -1) * one.pair.difference.value
        unit = f"{evidence.subject.unit}s"
        yield (
            f"Early stopping by {method} saves {saved.value:.0f}%{interval} of the {unit} of random "
            f"search, and costs {cost:+{evidence.form}} in {one.endpoint} "
            f"{evidence.subject.metric.name}, n = {one.pair.n}."
        )


def _soon(evidence: Evidence) -> Iterator[str]:
    found = []
    for one in evidence.reached["seconds"]:
        needed = math.ceil(_MOST * one.n - 1e-9)
        if one.n >= MIN_REPLICATES and len(one.spent) >= needed:
            found.append((float(np.sort(one.spent)[needed - 1]), one.method))
    if found and math.isfinite(evidence.target):
        texts = ", ".join(f"{method} {seconds:,.0f} s" for seconds, method in sorted(found))
        yield (
            f"Until 9 of 10 searches have seen a {evidence.subject.metric.name} of "
            f"{evidence.target:{evidence.form}}: {texts}; "
            f"{count_of(len(evidence.methods) - len(found), 'other method')} not within the budget."
        )


def _against_random(evidence: Evidence) -> list[Verdict]:
    return [
        one
        for one in evidence.verdicts
        if _BASELINE in (one.pair.a, one.pair.b) and one.pair.n >= MIN_REPLICATES
    ]
