"""Retrain a search's winner on fresh seeds and measure it: unbiased, unlike what the search reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_wb.offline.reruns import RerunSet, open_reruns
from fashion_wb.offline.summary import incumbent
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.parameters import with_value
from fashion_wb.trial import TrialState

JOB_TYPE = "retrain"


@dataclass(frozen=True)
class Retraining:
    """How to retrain winners.

    Attributes:
        seed_parameter: the parameter that gets a retraining's seed; None if there is none: then retrainings
            differ only in what the program does not seed.
        command: the command of a retraining, with W&B's ${macros}, such as one that also measures a test set;
            None for the sweep's own.
    """

    seed_parameter: str | None
    command: tuple[str, ...] | None = None


def missing_from_summaries(retrainings: Sequence[RerunSet], names: Sequence[str]) -> list[str]:
    """Return those of `names` that no summary of a finished retraining has.

    Raises:
        FashionWbError: a log is damaged.
    """
    found: set[str] = set()
    finished = 0
    for reruns in retrainings:
        for _, trial in reruns.trials():
            if trial.state is TrialState.FINISHED:
                finished += 1
                found |= set(reruns.summary(trial))
    return [name for name in names if name not in found] if finished else []


def plan_retraining(search: SweepDir, seeds: Sequence[int], how: Retraining) -> RerunSet | None:
    """Plan to retrain the trial with the best objective, at full length, once for each of `seeds`.

    The choice depends on what the search saw only. What `how.command` measures beyond that, such as a test
    set, is measured in these runs and nowhere else, once per run.

    Returns:
        The reruns; None if no trial of the search has a result or there are no seeds.

    Raises:
        FashionWbError: a log is damaged, or a retraining of another configuration or by another command has
            already started.
    """
    best = incumbent(search, search.read_trials())
    if best is None or not seeds:
        return None
    name = how.seed_parameter
    configs = [dict(best.config) if name is None else with_value(best.config, name, seed) for seed in seeds]
    entries = [(best.run_id, config) for config in configs]
    return open_reruns(search, JOB_TYPE, entries, how.command, name)
