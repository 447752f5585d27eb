"""Replayed studies of one search under several names, for aa.py."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.statistics.intervals import Estimate, proportion
from analysis.statistics.verdicts import Outcome, judge_searches
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.replay.search import replay_search
from fashion_wb.replay.table import Table, read_table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.search.factory import start_search
from fashion_wb.search.seeds import stable_seed
from fashion_wb.study.fashion_mnist import MARGIN
from fashion_wb.study.methods import sweep_path
from fashion_wb.study.replayed import in_processes
from fashion_wb.sweep_folder.start import Start
from fashion_wb.sweepfile.sweep import Sweep, make_sweep, read_sweep
from fashion_wb.trial import Metric

NAMES = ("a", "b", "c", "d", "e")
TRIALS = 10
# Retrainings of a winner, as in a study that trains.
RETRAINED = 3
_LOSS = Metric("valid_loss")


def false_claims(n: int, studies: int, processes: int) -> dict[str, Estimate]:
    """Return the share of studies of random search under five names that claim a difference.

    Replicate r of every name has the same trainings, as in a study, and searches of its own.

    Args:
        n: replicates.
        studies: number of studies.
        processes: how many are replayed side by side.

    Returns:
        By what is compared: the lowest loss that a search saw; the winner's mean over RETRAINED trainings;
        its mean over all seeds of the table.
    """
    found = list(in_processes(partial(_claims, n), range(studies), processes))
    return {name: proportion(sum(one[name] for one in found), studies) for name in found[0]}


def _claims(n: int, study: int) -> dict[str, bool]:
    rows = [_search(study, name, replicate) for name in NAMES for replicate in range(n)]
    frame = pd.DataFrame(rows)
    return {
        name: any(
            one.outcome in (Outcome.BETTER, Outcome.WORSE)
            for one in judge_searches(frame.assign(retrained=frame[name]), MARGIN)
        )
        for name in ("final", "retrained 3 times", "true")
    }


def _search(study: int, name: str, replicate: int) -> Mapping[str, Any]:
    training = ReplayedTraining(_table(), stable_seed(study, "training", replicate))
    sampler, pruner = start_search(_sweep(), "same", stable_seed(study, name, replicate), Start())
    search = OngoingSearch(sampler, pruner, TRIALS, 1)
    replay_search(search, training.rows, "same")
    losses = [_LOSS.best(trial.history) for trial in search.trials]
    best = int(np.argmin([np.inf if loss is None else loss for loss in losses]))
    config = search.trials[best].config
    all_losses = training.all_losses(config["filters"], config["lr"])["valid_loss"]
    # The winners of a replicate are retrained with the same new seeds, as in a study.
    chance = np.random.default_rng(stable_seed(study, "retrain", replicate))
    again = all_losses[chance.integers(len(all_losses), size=RETRAINED)]
    return {
        **{"method": name, "sweep": f"{name}{replicate}", "replicate": replicate, "final": losses[best]},
        **{"retrained 3 times": float(again.mean()), "true": float(all_losses.mean())},
    }


@cache
def _table() -> Table:
    return read_table()


@cache
def _sweep() -> Sweep:
    sweep = read_sweep(sweep_path("random"))
    return make_sweep({**sweep.config, "run_cap": TRIALS}, default_name="random")
