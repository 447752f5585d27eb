"""What early stopping cost and spared: stopped trials that were trained to the end, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.records.frames import USABLE_STATES
from analysis.records.reruns import AuditedTrial
from analysis.statistics.intervals import Estimate, mean, proportion
from fashion_wb.trial import TrialState

# Among the best: fewer than this many finished trials of its own search ended on a lower loss.
BEST = 3


@dataclass(frozen=True)
class Audit:
    """One method's early stopping.

    The intervals take the audited trials for a random sample of the stopped ones, and these for independent.

    Attributes:
        method: the method.
        stopped: trials that it stopped, in all its searches.
        audited: how many of them were trained to the end.
        would_have_won: share that would have ended below all other trials of their search, as these ended;
            Wilson's interval.
        among_best: share that would have ended among the best BEST of their search, Wilson's interval.
        epochs_saved: mean number of epochs that stopping one trial spared, Student's interval.
        epochs_spent: by all trials of the searches, as they were.
    """

    method: str
    stopped: int
    audited: int
    would_have_won: Estimate
    among_best: Estimate
    epochs_saved: Estimate
    epochs_spent: int

    @property
    def share_saved(self) -> float:
        """Epochs spared, of those that would have been spent without stopping; NaN without any audited."""
        spared = self.epochs_saved.value * self.stopped
        return spared / (spared + self.epochs_spent)


def audit(audited: Sequence[AuditedTrial], trials: pd.DataFrame) -> tuple[Audit, ...]:
    """The audit of every method that stopped trials, in the order of `trials`.

    Args:
        audited: each stopped trial at most once.
        trials: as `frames.trials_frame` gives it, of the searches that stopped them.

    Raises:
        ValueError: an audited trial is not among the stopped ones of `trials`, or is given twice.
    """
    stopped = trials[trials["state"] == TrialState.STOPPED]
    _check(audited, stopped)
    return tuple(
        _of_method(method, [one for one in audited if one.method == method], trials)
        for method in stopped["method"].unique()
    )


def _check(audited: Sequence[AuditedTrial], stopped: pd.DataFrame) -> None:
    known = set(stopped[["method", "replicate", "run"]].itertuples(index=False, name=None))
    seen = set()
    for one in audited:
        key = (one.method, one.replicate, one.run)
        if key not in known:
            raise ValueError(f"run {one.run} is no stopped trial of {one.method}, replicate {one.replicate}")
        if key in seen:
            raise ValueError(f"run {one.run} of {one.method} is audited twice")
        seen.add(key)


def _of_method(method: str, audited: Sequence[AuditedTrial], trials: pd.DataFrame) -> Audit:
    own = trials[trials["method"] == method]
    losses = [_rivals(one, own) for one in audited]
    won = [one.final_loss < rivals["valid_loss"].min() for one, rivals in zip(audited, losses, strict=True)]
    best = [_finished_below(one, rivals) < BEST for one, rivals in zip(audited, losses, strict=True)]
    return Audit(
        method=method,
        stopped=int((own["state"] == TrialState.STOPPED).sum()),
        audited=len(audited),
        would_have_won=proportion(sum(won), len(audited)),
        among_best=proportion(sum(best), len(audited)),
        epochs_saved=mean([one.epochs_saved for one in audited]),
        epochs_spent=int(own["epochs"].sum()),
    )


def _rivals(one: AuditedTrial, own: pd.DataFrame) -> pd.DataFrame:
    """The other finished and stopped trials of its search."""
    same = (own["replicate"] == one.replicate) & (own["run"] != one.run)
    return own[same & own["state"].isin(USABLE_STATES)]


def _finished_below(one: AuditedTrial, rivals: pd.DataFrame) -> int:
    finished = rivals[rivals["state"] == TrialState.FINISHED]
    return int((finished["valid_loss"] < one.final_loss).sum())
