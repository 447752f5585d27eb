"""Sentences on what the data cannot show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.evidence import Evidence
from analysis.formatting import count_of
from analysis.html_report.cells import count_range
from analysis.statistics.intervals import MIN_FOR_MEDIAN
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import Outcome
from analysis.tables.verdict_text import unpaired
from fashion_wb.trial import TrialState


def limits(
    evidence: Evidence, conditions: Mapping[str, Any] | None = None, left_out: Sequence[str] = ()
) -> tuple[str, ...]:
    """Say what the data does not show; `left_out` comes last.

    Args:
        evidence: the study.
        conditions: of the study, if they were recorded.
        left_out: sentences on what could not be read.
    """
    found = [
        *_replicates(evidence),
        *unpaired(conditions),
        *_unfair(evidence),
        *_untested(evidence),
        *_partial(evidence),
    ]
    found.append(
        "The results hold for one model, one data set, one search space and one budget. Another choice of "
        "any of these may change the ranking. Times hold only for the machine they were measured on and "
        "for this number of trials at once."
    )
    return (*found, *left_out)


def _replicates(evidence: Evidence) -> list[str]:
    n = evidence.results.groupby("method").size()
    if n.max() == 1:
        return [
            "Differences between methods may be differences between seeds: each method ran only one "
            "search (n = 1)."
        ]
    found = []
    if n.min() < MIN_REPLICATES:
        found.append(f"A method with fewer than {MIN_REPLICATES} searches is not tested against the others.")
    if n.min() < MIN_FOR_MEDIAN:
        found.append(f"The median of a method with fewer than {MIN_FOR_MEDIAN} searches has no interval.")
    if any(one.outcome is Outcome.UNDECIDED for one in evidence.verdicts):
        found.append(
            f"Undecided does not mean equivalent: with n = {count_range(n)} searches, either method may be "
            "the better one."
        )
    return found


def _unfair(evidence: Evidence) -> list[str]:
    unit = f"{evidence.subject.unit}s"
    per_search = evidence.results.groupby("method")["steps"].median()
    if len(per_search) > 1 and per_search.max() > 1.1 * max(1, per_search.min()):
        low, high = per_search.min(), per_search.max()
        return [
            f"Methods did not spend the same: the median search took {low:,.0f} {unit} with "
            f"{per_search.idxmin()} and {high:,.0f} with {per_search.idxmax()}. Final results ignore that "
            f"cost; to see it, compare the curves at equal {unit}."
        ]
    return []


def _untested(evidence: Evidence) -> list[str]:
    found = []
    if evidence.winners is None:
        found.append(
            "Winning results are too optimistic: each is the best of many tries, and no winner was "
            "retrained. How the winners do on new data is unknown."
        )
    if evidence.audit is None and (evidence.trials["state"] == TrialState.STOPPED).any():
        found.append("What early stopping cost is unknown: no stopped trial was trained to the end.")
    return found


def _partial(evidence: Evidence) -> list[str]:
    trials, found = evidence.trials, []
    running = int((trials["state"] == TrialState.RUNNING).sum())
    if running:
        found.append(
            f"Results leave out {count_of(running, 'trial')} still running; the "
            f"{evidence.subject.unit}s spent so far count."
        )
    unknown = int(trials["seconds"].isna().sum())
    if unknown:
        found.append(f"Times leave out {count_of(unknown, 'trial')} that logged no time.")
    return found
