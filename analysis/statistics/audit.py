"""Estimate what early stopping cost and saved, from stopped trials that were trained to the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.records.frames import USABLE_STATES
from analysis.records.reruns import AuditedTrial
from analysis.records.subject import Subject
from analysis.statistics.intervals import Estimate, mean, proportion
from fashion_wb.trial import TrialState

# A trial is among the best if fewer than this many finished trials of its search are better.
BEST = 3


@dataclass(frozen=True)
class Audit:
    """The cost and the savings of one method's early stopping.

    The intervals assume that the audited trials are a random sample of the stopped ones, and that the stopped
    trials are independent.

    Attributes:
        method: the method.
        stopped: number of trials stopped in all its searches.
        audited: number of these that were trained to the end.
        would_have_won: share of audited trials whose final result is better than that of every other trial of
            their search, with Wilson's interval. Other stopped trials count with the result they had.
        among_best: share that would have been among the best BEST of their search, with Wilson's interval.
        steps_saved: mean number of steps saved by stopping one trial, with Student's interval.
        steps_spent: steps that all trials of the method logged.
    """

    method: str
    stopped: int
    audited: int
    would_have_won: Estimate
    among_best: Estimate
    steps_saved: Estimate
    steps_spent: int

    @property
    def share_saved(self) -> float:
        """The share of steps saved, of those needed without stopping; NaN if no trial was audited."""
        saved = self.steps_saved.value * self.stopped
        return saved / (saved + self.steps_spent)


def audit(audited: Sequence[AuditedTrial], trials: pd.DataFrame, subject: Subject) -> tuple[Audit, ...]:
    """Summarise the audited trials of every method that stopped trials, in the order of `trials`.

    Args:
        audited: each stopped trial at most once.
        trials: the result of `frames.trials_frame` for the searches that stopped them.
        subject: that of the trials.

    Raises:
        ValueError: an audited trial is not a stopped trial in `trials`, or is given twice.
    """
    stopped = trials[trials["state"] == TrialState.STOPPED]
    _check(audited, stopped)
    return tuple(
        _of_method(method, [one for one in audited if one.method == method], trials, subject)
        for method in stopped["method"].unique()
    )


def _check(audited: Sequence[AuditedTrial], stopped: pd.DataFrame) -> None:
    known = set(stopped[["method", "replicate", "run"]].itertuples(index=False, name=None))
    seen = set()
    for one in audited:
        key = (one.method, one.replicate, one.run)
        if key not in known:
            raise ValueError(
                f"run {one.run} is not a stopped trial of {one.method}, replicate {one.replicate}"
            )
        if key in seen:
            raise ValueError(f"run {one.run} of {one.method} is audited twice")
        seen.add(key)


def _of_method(method: str, audited: Sequence[AuditedTrial], trials: pd.DataFrame, subject: Subject) -> Audit:
    own = trials[trials["method"] == method]
    finals = [(subject.sign * one.final, _other_trials(one, own)) for one in audited]
    won = [final < others["minimised"].min() for final, others in finals]
    best = [_finished_below(final, others) < BEST for final, others in finals]
    return Audit(
        method=method,
        stopped=int((own["state"] == TrialState.STOPPED).sum()),
        audited=len(audited),
        would_have_won=proportion(sum(won), len(audited)),
        among_best=proportion(sum(best), len(audited)),
        steps_saved=mean([one.steps_saved for one in audited]),
        steps_spent=int(own["steps"].sum()),
    )


def _other_trials(one: AuditedTrial, own: pd.DataFrame) -> pd.DataFrame:
    """Return the other finished and stopped trials of its search."""
    same = (own["replicate"] == one.replicate) & (own["run"] != one.run)
    return own[same & own["state"].isin(USABLE_STATES)]


def _finished_below(final: float, others: pd.DataFrame) -> int:
    finished = others[others["state"] == TrialState.FINISHED]
    return int((finished["minimised"] < final).sum())
