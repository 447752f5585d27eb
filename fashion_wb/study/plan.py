"""The study: every method's search, replicated, under one budget, one objective and one split of the data."""

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

# What a study compares unless told otherwise, in the order in which tables show them: the baseline first.
METHODS = ("random", "bayes", "hyperband", "hyperopt", "optuna")
# Where train.py and sweeps/ are.
PROJECT_ROOT = Path(__file__).resolve().parents[2]
_SEEDS = 2**31  # train.py's are below


@dataclass(frozen=True)
class StudySettings:
    """What every search of a study has in common.

    Attributes:
        trials: of each search, at least 1; None where a budget in epochs decides.
        epochs: of a trial of full length, at least 1.
        budget_epochs: epochs that each search may spend in all, at least `epochs`; None for no such limit.
        seed: of the study; all other seeds are derived from it.

    Raises:
        FashionWbError: a value out of range, or both or neither of trials and budget_epochs.
    """

    trials: int | None
    epochs: int
    budget_epochs: int | None
    seed: int

    def __post_init__(self) -> None:
        train_config.check_value("epochs", self.epochs)
        train_config.check_value("seed", self.seed)
        if (self.trials is None) == (self.budget_epochs is None):
            raise FashionWbError("a study's budget is either a number of trials or a number of epochs")
        if self.budget_epochs is not None and self.budget_epochs < self.epochs:
            raise FashionWbError(
                f"a budget of {self.budget_epochs} epochs has no room for one trial of {self.epochs}; "
                f"give at least {self.epochs}"
            )


def method_order(method: str) -> int:
    """Where tables show a method: known ones first."""
    return METHODS.index(method) if method in METHODS else len(METHODS)


def sweep_path(method: str) -> Path:
    """The sweep file of a method.

    Raises:
        FashionWbError: there is none.
    """
    path = PROJECT_ROOT / "sweeps" / f"{method}.yaml"
    if not path.is_file():
        names = sorted(other.stem for other in path.parent.glob("*.yaml"))
        raise FashionWbError(f"unknown method {method!r}: choose from {', '.join(names)}")
    return path


def plan_study(
    methods: Sequence[str], replicates: int, settings: StudySettings, out: Path
) -> list[PlannedSweep]:
    """Every search of a study: replicate r of a method is the sweep METHOD-rR, kept in OUT/sweeps/METHOD-rR.

    Replicate r of every method has the same training seed, which decides the split of the data, the initial
    weights and the order of the batches; that of each search is its own. Neither depends on the number of
    replicates or on the other methods, so that a study can be given more of either.

    Args:
        methods: names of files in sweeps/; each at most once.
        replicates: of each method, at least 1.

    Raises:
        FashionWbError: an unknown or repeated method, or `out` holds a study of other settings or of before
            there were replicates.
    """
    if not methods:
        raise FashionWbError("a study needs at least one method")
    if len(set(methods)) < len(methods):
        raise FashionWbError(f"a method may be named once only, got {', '.join(methods)}")
    sweeps = {method: read_sweep(sweep_path(method)) for method in methods}
    _check_folder(out, settings)
    caps = {method: _run_cap(sweep, settings) for method, sweep in sweeps.items()}
    return [
        _planned(sweeps[method], method, replicate, caps[method], settings, out)
        for replicate in range(replicates)
        for method in methods
    ]


def training_seed(seed: int, replicate: int) -> int:
    """The seed that every trial of replicate `replicate` trains with, in a study of seed `seed`."""
    return stable_seed(seed, "training", replicate) % _SEEDS


def retrain_seed(seed: int, replicate: int, number: int) -> int:
    """The `number`-th fresh seed (from 0) on which the winners of replicate `replicate` are trained again."""
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
        turn=replicate,
    )


def _run_cap(sweep: Sweep, settings: StudySettings) -> int:
    """Most trials of a search: under a budget in epochs as many as it can hold, each at its shortest."""
    if settings.budget_epochs is None:
        assert settings.trials is not None
        return settings.trials
    # A scheduler block's source is found from the project's root, where the trials run.
    with contextlib.chdir(PROJECT_ROOT):
        _, pruner = make_search(sweep, "budget", settings.seed)
    return settings.budget_epochs // (1 if pruner.prunes else settings.epochs)


def _check_folder(out: Path, settings: StudySettings) -> None:
    for path in sorted((out / "sweeps").glob("*/sweep.json")):
        name, _, replicate = path.parent.name.rpartition("-r")
        if not name or not replicate.isdecimal():
            raise FashionWbError(
                f"{path.parent}: a search of before there were replicates, which were seeded otherwise; "
                "give another --out, or delete the old study"
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
                f"{out}: holds a study with {name} {was}, not {now}; give another --out, or what it was "
                "begun with"
            )
