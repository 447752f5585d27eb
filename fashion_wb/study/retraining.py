"""Retrain a search's winner on fresh seeds and test it: an unbiased estimate, unlike the reported loss."""

from __future__ import annotations

from collections.abc import Sequence

from fashion_wb.offline.reruns import RerunSet, open_reruns
from fashion_wb.offline.summary import incumbent
from fashion_wb.sweep_folder.sweep_dir import SweepDir

JOB_TYPE = "retrain"


def plan_retraining(search: SweepDir, seeds: Sequence[int]) -> RerunSet | None:
    """Plan to retrain the trial with the best objective, at full length, on each of `seeds`.

    The choice depends on validation results only. The test split is measured in these runs and nowhere else,
    once per run, with the weights of the epoch with the lowest validation loss.

    Returns:
        The reruns; None if no trial of the search has a result or there are no seeds.

    Raises:
        FashionWbError: a log is damaged, or a retraining of another configuration has already started.
    """
    best = incumbent(search, search.read_trials())
    if best is None or not seeds:
        return None
    entries = [(best.run_id, {**best.config, "seed": seed}) for seed in seeds]
    return open_reruns(search, JOB_TYPE, entries, flags=["--test"])
