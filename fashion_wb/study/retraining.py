"""A search's winner, honestly: the configuration it chose, trained again on fresh seeds and then tested."""

from __future__ import annotations

from collections.abc import Sequence

from fashion_wb.offline.reruns import RerunSet, open_reruns
from fashion_wb.offline.summary import incumbent
from fashion_wb.offline.sweep_dir import SweepDir

JOB_TYPE = "retrain"


def plan_retraining(search: SweepDir, seeds: Sequence[int]) -> RerunSet | None:
    """The retraining of the trial with the best objective, at full length, on each of `seeds`.

    The choice knows validation results only; the test split is measured in these runs and nowhere else, once
    in each, with the weights of the epoch that has the lowest validation loss.

    Returns:
        None if no trial of the search has a result, or there are no seeds.

    Raises:
        FashionWbError: a damaged log, or a retraining begun for another configuration.
    """
    best = incumbent(search, search.read_trials())
    if best is None or not seeds:
        return None
    entries = [(best.run_id, {**best.config, "seed": seed}) for seed in seeds]
    return open_reruns(search, JOB_TYPE, entries, flags=["--test"])
