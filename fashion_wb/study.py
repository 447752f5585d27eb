"""The study: every method's sweep under one budget, one objective and one split of the data."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from fashion_wb import config as train_config
from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile import PROJECT_ROOT, Sweep, make_sweep, read_sweep

# In the order in which tables show them: the baseline first.
METHODS = ("random", "bayes", "hyperband", "hyperopt", "optuna")


def sweep_path(method: str) -> Path:
    """The sweep file of a method.

    Raises:
        FashionWbError: there is none.
    """
    path = PROJECT_ROOT / "sweeps" / f"{method}.yaml"
    if not path.is_file():
        raise FashionWbError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    return path


def method_order(method: str) -> int:
    """Where tables show a method: known ones first."""
    return METHODS.index(method) if method in METHODS else len(METHODS)


def study_sweeps(methods: Sequence[str], trials: int, epochs: int, seed: int) -> list[Sweep]:
    """The methods' sweeps, all with the same trials, epochs and training seed.

    Args:
        methods: names in METHODS, or of other files in sweeps/; each at most once.
        trials: of each method, at least 1.
        epochs: of each trial, at least 1.
        seed: of the data split, the initial weights and the batch order, in every trial alike.

    Raises:
        FashionWbError: an unknown or repeated method, or a value out of range.
    """
    if not methods:
        raise FashionWbError("a study needs at least one method")
    if len(set(methods)) < len(methods):
        raise FashionWbError(f"a method may be named once only, got {', '.join(methods)}")
    train_config.check_value("epochs", epochs)
    train_config.check_value("seed", seed)
    return [_with_budget(read_sweep(sweep_path(method)), trials, epochs, seed) for method in methods]


def _with_budget(sweep: Sweep, trials: int, epochs: int, seed: int) -> Sweep:
    config = copy.deepcopy(dict(sweep.config))
    config["run_cap"] = trials
    config["parameters"]["epochs"] = {"value": epochs}
    config["parameters"]["seed"] = {"value": seed}
    return make_sweep(config, default_name=sweep.name)
