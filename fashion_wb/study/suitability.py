"""Which methods can search a space, as they themselves say, and which could not stop trials early."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.search.factory import make_search
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.sweep import Sweep
from fashion_wb.trial import TrialState


def unsuitable_methods(sweeps: Mapping[str, Sweep], cwd: Path, seed: int) -> dict[str, str]:
    """Return, by method, why it cannot search its sweep; methods that can are left out.

    Each is built and asked for its first trial, which is not used.

    Args:
        sweeps: the sweep of each method.
        cwd: the directory that trials run in.
        seed: any integer.

    Returns:
        The methods' own messages, which name the parameter.
    """
    found = {}
    with contextlib.chdir(cwd):
        for method, sweep in sweeps.items():
            try:
                sampler, _ = make_search(sweep, "suitable", seed)
                sampler.ask([])
            except FashionWbError as error:
                found[method] = str(error)
    return found


def searches_that_could_not_stop(folders: Sequence[SweepDir], cwd: Path) -> list[str]:
    """Return the names of searches that stop trials early but could not: trials log the metric once."""
    return [folder.sweep.name for folder in folders if _never_stops(folder, cwd)]


def _never_stops(folder: SweepDir, cwd: Path) -> bool:
    metric, trials = folder.sweep.metric, folder.read_trials()
    logged = [sum(metric.name in row for row in trial.history) for trial in trials] if metric else []
    if max(logged, default=0) != 1 or any(trial.state is TrialState.STOPPED for trial in trials):
        return False
    with contextlib.chdir(cwd):
        _, pruner = make_search(folder.sweep, folder.sweep_id, folder.seed)
    return pruner.prunes
