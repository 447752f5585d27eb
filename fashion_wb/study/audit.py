"""An audit of early stopping: train a random sample of the stopped trials to the end."""

from __future__ import annotations

from fashion_wb.offline.reruns import RerunSet, open_reruns
from fashion_wb.search.seeds import stable_seed
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import TrialState

JOB_TYPE = "audit"


def plan_audit(search: SweepDir, count: int) -> RerunSet | None:
    """Draw at most `count` of a search's stopped trials with its seed; a larger `count` adds trials.

    Returns:
        The reruns; None if no trial was stopped or `count` is 0.

    Raises:
        FashionWbError: a log is damaged, or an audit of other trials has already started.
    """
    stopped = [trial for trial in search.read_trials() if trial.state is TrialState.STOPPED]
    drawn = sorted(stopped, key=lambda trial: stable_seed(search.seed, JOB_TYPE, trial.number))[:count]
    if not drawn:
        return None
    return open_reruns(search, JOB_TYPE, [(trial.run_id, dict(trial.config)) for trial in drawn])
