"""An audit of early stopping: train a random sample of the stopped trials to the end."""

from __future__ import annotations

from collections.abc import Iterable

from fashion_wb.offline.reruns import RerunSet, open_reruns
from fashion_wb.search.seeds import stable_seed
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial, TrialState

JOB_TYPE = "audit"


def plan_audit(search: SweepDir, count: int) -> RerunSet | None:
    """Draw at most `count` of a search's stopped trials with its seed; a larger `count` adds trials.

    Returns:
        The reruns; None if no trial was stopped or `count` is 0.

    Raises:
        FashionWbError: a log is damaged, or an audit of other trials has already started.
    """
    drawn = drawn_for_audit(search.read_trials(), search.seed, count)
    if not drawn:
        return None
    return open_reruns(search, JOB_TYPE, [(trial.run_id, dict(trial.config)) for trial in drawn])


def drawn_for_audit(trials: Iterable[Trial], seed: int, count: int) -> list[Trial]:
    """Draw at most `count` of the stopped trials of a search with its seed; a larger `count` adds trials."""
    stopped = [trial for trial in trials if trial.state is TrialState.STOPPED]
    return sorted(stopped, key=lambda trial: stable_seed(seed, JOB_TYPE, trial.number))[:count]
