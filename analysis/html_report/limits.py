"""What the data cannot show, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.evidence import Evidence
from analysis.formatting import count_of
from analysis.html_report.cells import spread
from analysis.statistics.intervals import MIN_FOR_MEDIAN
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import Outcome
from fashion_wb.trial import TrialState


def limits(evidence: Evidence, left_out: Sequence[str] = ()) -> tuple[str, ...]:
    """Sentences on what follows from the data and what does not; `left_out` comes last.

    Args:
        evidence: the study.
        left_out: sentences on what could not be read.
    """
    found = [*_replicates(evidence), *_unfair(evidence), *_untested(evidence), *_partial(evidence)]
    found.append(
        "One model, one data set, one search space and one budget: another of any of these may turn the "
        "ranking round. Times hold for the machine they were measured on, and for as many trials at once."
    )
    return (*found, *left_out)


def _replicates(evidence: Evidence) -> list[str]:
    n = evidence.results.groupby("method").size()
    if n.max() == 1:
        return [
            "With one search of each method (n = 1), differences between methods cannot be told from those "
            "between seeds."
        ]
    found = []
    if n.min() < MIN_REPLICATES:
        found.append(f"Fewer than {MIN_REPLICATES} searches of a method: no difference to it is tested.")
    if n.min() < MIN_FOR_MEDIAN:
        found.append(f"Fewer than {MIN_FOR_MEDIAN} searches of a method: its median has no interval.")
    if any(one.outcome is Outcome.UNDECIDED for one in evidence.verdicts):
        found.append(
            f"Undecided is not equivalent: n = {spread(n)} leaves room for differences of either sign."
        )
    return found


def _unfair(evidence: Evidence) -> list[str]:
    per_search = evidence.results.groupby("method")["epochs"].median()
    if len(per_search) > 1 and per_search.max() > 1.1 * max(1, per_search.min()):
        low, high = per_search.min(), per_search.max()
        return [
            f"Searches did not spend the same: their median is {low:,.0f} epochs for {per_search.idxmin()} "
            f"and {high:,.0f} for {per_search.idxmax()}. Final losses compare what was found, not what it "
            "cost; compare the curves at equal epochs."
        ]
    return []


def _untested(evidence: Evidence) -> list[str]:
    found = []
    if evidence.winners is None:
        found.append(
            "No chosen configuration was trained again, so its loss is the best of many tries and too good; "
            "nothing is said of the test split."
        )
    if evidence.audit is None and (evidence.trials["state"] == TrialState.STOPPED).any():
        found.append("No stopped trial was trained to the end: what early stopping cost is not known.")
    return found


def _partial(evidence: Evidence) -> list[str]:
    trials, found = evidence.trials, []
    running = int((trials["state"] == TrialState.RUNNING).sum())
    if running:
        found.append(f"{count_of(running, 'trial')} had not ended: epochs are counted, results are not.")
    unknown = int(trials["seconds"].isna().sum())
    if unknown:
        found.append(f"{count_of(unknown, 'trial')} logged no time; seconds are those of the others.")
    return found
