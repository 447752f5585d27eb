"""The trade between result and time: which trials no other trial beats in both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.records.subject import Subject
from fashion_wb.trial import TrialState

PARETO_COLUMNS = ("method", "sweep", "replicate", "run", "seconds", "value", "front_of_all")


@dataclass(frozen=True)
class Fronts:
    """The Pareto fronts of the objective and the seconds of a trial.

    Attributes:
        points: a row per trial on the front of its method, the fastest first, PARETO_COLUMNS. `value` is the
            objective, and `front_of_all` tells whether no trial of any method beats it.
        trials: number of finished trials with a result and a known time.
        left_out: number of finished trials with a result and no known time.
    """

    points: pd.DataFrame
    trials: int
    left_out: int


def pareto_fronts(trials: pd.DataFrame, subject: Subject) -> Fronts:
    """Find, for each method and for all together, the finished trials that no other beats in both.

    A trial beats another if it is at least as good and as fast, and better or faster. Equal trials do not
    beat each other: both are on the front.

    Args:
        trials: the result of `frames.trials_frame` for `subject`.
        subject: what the searches have in common.
    """
    finished = trials[(trials["state"] == TrialState.FINISHED) & trials["minimised"].notna()]
    timed = finished[finished["seconds"].notna()]
    fronts = [own[_on_front(own)] for _, own in timed.groupby("method", sort=False)]
    kept = pd.concat(fronts) if fronts else timed
    overall = set(timed.index[_on_front(timed)])
    points = kept.assign(value=kept[subject.value], front_of_all=[row in overall for row in kept.index])
    order = {method: place for place, method in enumerate(trials["method"].unique())}
    points = points.assign(_order=points["method"].map(order)).sort_values(
        ["_order", "seconds", "minimised"], kind="stable"
    )
    return Fronts(
        # Without rows there is nothing to tell the type by.
        points=points[list(PARETO_COLUMNS)].astype({"front_of_all": bool}).reset_index(drop=True),
        trials=len(timed),
        left_out=len(finished) - len(timed),
    )


def _on_front(trials: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Tell for each row whether no other row beats it in `seconds` and `minimised`."""
    costs = trials[["seconds", "minimised"]].to_numpy(dtype=float)
    on_front = np.zeros(len(costs), dtype=bool)
    best, best_at = np.inf, np.inf
    for row in np.lexsort((costs[:, 1], costs[:, 0])):
        seconds, found = costs[row]
        # In this order only faster or equally fast rows came before.
        if found < best or (found == best and seconds == best_at):
            on_front[row] = True
            best, best_at = found, seconds
    return on_front
