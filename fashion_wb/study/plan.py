"""Plan a study: every method's search, replicated, with the same budget, objective and split of the data."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.cnn import config as train_config
from fashion_wb.errors import FashionWbError
from fashion_wb.offline.budget import EpochBudget
from fashion_wb.offline.plan import PlannedSweep
from fashion_wb.search.factory import make_search
from fashion_wb.search.seeds import stable_seed
from fashion_wb.study.conditions import FILE as CONDITIONS
from fashion_wb.study.conditions import training_images
from fashion_wb.sweepfile.sweep import Sweep, make_sweep, read_sweep

# The methods of a study by default, in the order of the tables: the baseline first.
METHODS = ("random", "bayes", "hyperband", "hyperopt", "optuna")
# The folder of train.py and sweeps/.
PROJECT_ROOT = Path(__file__).resolve().parents[2]
_SEEDS = 2**31  # train.py accepts seeds below this


@dataclass(frozen=True)
class StudySettings:
    """The settings shared by all searches of a study.

    Attributes:
        trials: number of trials per search, at least 1; None if the budget is in epochs.
        epochs: number of epochs of a full-length trial, at least 1.
        budget_epochs: epochs that each search may spend in total, at least `epochs`; None if the budget is in
            trials.
        seed: seed of the study; all other seeds are derived from it.

    Raises:
        FashionWbError: a value is out of range, or both or neither of `trials` and `budget_epochs` are given.
    """

    trials: int | None
    epochs: int
    budget_epochs: int | None
    seed: int

    def __post_init__(self) -> None:
        train_config.check_value("epochs", self.epochs)
        train_config.check_value("seed", self.seed)
        if (self.trials is None) == (self.budget_epochs is None):
            raise FashionWbError(
                "a study's budget is either a number of trials or a number of epochs: "
                "give --trials or --budget-epochs, not both"
            )
        if self.budget_epochs is not None and self.budget_epochs < self.epochs:
            raise FashionWbError(
                f"a budget of {self.budget_epochs} epochs is too small for one trial of {self.epochs} "
                f"epochs: give at least {self.epochs}"
            )


def method_order(method: str) -> int:
    """Return a method's position in tables; methods that are not in METHODS come last."""
    return METHODS.index(method) if method in METHODS else len(METHODS)


def sweep_path(method: str) -> Path:
    """Return the path of a method's sweep file.

    Raises:
        FashionWbError: the method has no sweep file.
    """
    path = PROJECT_ROOT / "sweeps" / f"{method}.yaml"
    if not path.is_file():
        names = sorted(other.stem for other in path.parent.glob("*.yaml"))
        raise FashionWbError(f"unknown method {method!r}: choose from {', '.join(names)}")
    return path


def plan_study(
    methods: Sequence[str], replicates: int, settings: StudySettings, out: Path
) -> list[PlannedSweep]:
    """Plan every search of a study: replicate R of a method is the sweep METHOD-rR in OUT/sweeps/METHOD-rR.

    Replicate R of every method has the same training seed, which determines the split of the data, the
    initial weights and the order of the batches. Each search has its own search seed. Neither seed depends on
    the number of replicates or on the other methods, so you can add replicates or methods to a study later.

    Args:
        methods: names of files in sweeps/, each at most once.
        replicates: number of replicates of each method, at least 1.
        settings: the settings of every search.
        out: the study's folder.

    Raises:
        FashionWbError: a method is unknown or repeated, or `out` holds a study with other settings or from a
            version without replicates.
    """
    if not methods:
        raise FashionWbError("a study needs at least one method")
    if len(set(methods)) < len(methods):
        raise FashionWbError(f"each method may be named only once, got {', '.join(methods)}")
    sweeps = {method: read_sweep(sweep_path(method)) for method in methods}
    _check_folder(out, settings)
    caps = {method: _run_cap(sweep, settings) for method, sweep in sweeps.items()}
    return [
        _planned(sweeps[method], method, replicate, caps[method], settings, out)
        for replicate in range(replicates)
        for method in methods
    ]


def training_seed(seed: int, replicate: int) -> int:
    """Return the training seed of every trial of a replicate, in a study with seed `seed`."""
    return stable_seed(seed, "training", replicate) % _SEEDS


def retrain_seed(seed: int, replicate: int, number: int) -> int:
    """Return the `number`-th (from 0) fresh seed on which the winners of a replicate are retrained."""
    return stable_seed(seed, "retrain", replicate, number) % _SEEDS


def _planned(
    sweep: Sweep, method: str, replicate: int, run_cap: int, settings: StudySettings, out: Path
) -> PlannedSweep:
    config: dict[str, Any] = copy.deepcopy(dict(sweep.config))
    config["name"] = f"{method}-r{replicate}"
    config["run_cap"] = run_cap
    config["parameters"]["epochs"] = {"value": settings.epochs}
    config["parameters"]["seed"] = {"value": training_seed(settings.seed, replicate)}
    total = settings.budget_epochs
    return PlannedSweep(
        folder=out / "sweeps" / config["name"],
        sweep=make_sweep(config, default_name=method),
        seed=stable_seed(settings.seed, "search", method, replicate),
        budget=None if total is None else EpochBudget(total, settings.epochs),
        priority=replicate,
    )


def _run_cap(sweep: Sweep, settings: StudySettings) -> int:
    """Return the most trials of a search: for a budget in epochs, as many as fit at their shortest."""
    if settings.budget_epochs is None:
        assert settings.trials is not None
        return settings.trials
    # A scheduler block names its source file relative to the project's root, where trials run.
    with contextlib.chdir(PROJECT_ROOT):
        _, pruner = make_search(sweep, "budget", settings.seed)
    return settings.budget_epochs // (1 if pruner.prunes else settings.epochs)


def _check_folder(out: Path, settings: StudySettings) -> None:
    for path in sorted((out / "sweeps").glob("*/sweep.json")):
        name, _, replicate = path.parent.name.rpartition("-r")
        if not name or not replicate.isdecimal():
            raise FashionWbError(
                f"{path.parent}: this search is from an older version, without replicates and with other "
                "seeds: give another --out, or delete the old study"
            )
    try:
        before = json.loads((out / CONDITIONS).read_text())
    except FileNotFoundError:
        return
    except ValueError:
        raise FashionWbError(f"{out / CONDITIONS}: damaged; restore it from a copy") from None
    for name, now in (*vars(settings).items(), ("training_images", training_images())):
        was = before.get(name)
        if was != now:
            raise FashionWbError(
                f"{out}: holds a study with {name} {was}, not {now}: give another --out, or use the settings "
                "that the study started with"
            )
