"""Plan a study: every method's search, replicated, with the same budget, objective and training seeds."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.plan import PlannedSweep
from fashion_wb.offline.spending.budget import Budget, SecondsBudget, StepBudget
from fashion_wb.search.factory import make_search
from fashion_wb.search.seeds import stable_seed
from fashion_wb.study.conditions import check_conditions
from fashion_wb.study.settings import StudySettings
from fashion_wb.study.subject import Subject
from fashion_wb.study.suitability import unsuitable_methods
from fashion_wb.sweepfile.parameters import with_constant
from fashion_wb.sweepfile.sweep import Sweep, make_sweep

# The methods of a study by default, in the order of the tables: the baseline first.
METHODS = ("random", "bayes", "hyperband", "hyperopt", "optuna")
# Programs and libraries take seeds below this.
_SEEDS = 2**31


def method_order(method: str) -> int:
    """Return a method's position in tables; methods that are not in METHODS come last."""
    return METHODS.index(method) if method in METHODS else len(METHODS)


def plan_study(
    subject: Subject, replicates: int, settings: StudySettings, out: Path, first: int = 0
) -> list[PlannedSweep]:
    """Plan every search of a study: replicate R of a method is the sweep METHOD-rR in OUT/sweeps/METHOD-rR.

    Replicate R of every method has the same training seed, if there is a parameter for it. Each search has
    its own search seed. Neither seed depends on the number of replicates or on the other methods, so you can
    add replicates or methods to a study later.

    Args:
        subject: what is searched.
        replicates: number of replicates of each method, at least 1.
        first: number of the first one, at least 0.
        settings: the settings of every search.
        out: the study's folder.

    Raises:
        FashionWbError: the program does not take a setting, or `out` holds a study with other settings or
            from a version without replicates.
    """
    _check_values(subject, settings)
    _check_folder(out)
    check_conditions(out, settings.record)
    caps = {method: _run_cap(sweep, subject.cwd, settings) for method, sweep in subject.sweeps.items()}
    return [
        _planned(sweep, method, replicate, caps[method], settings, out)
        for replicate in range(first, first + replicates)
        for method, sweep in subject.sweeps.items()
    ]


def find_unsuitable(subject: Subject, settings: StudySettings, out: Path) -> dict[str, str]:
    """Return, by method, why it cannot search the subject's space; methods that can are left out.

    Methods that have trials in folder `out` already are not tried again.
    """
    new = {
        method: _with_constants(sweep, settings, 0)
        for method, sweep in subject.sweeps.items()
        if not any(_folder(out, method, 0).glob("wandb/sweep-*/config-*.yaml"))
    }
    return unsuitable_methods(new, subject.cwd, settings.seed)


def training_seed(seed: int, replicate: int) -> int:
    """Return the training seed of every trial of a replicate, in a study with seed `seed`."""
    return stable_seed(seed, "training", replicate) % _SEEDS


def retrain_seed(seed: int, replicate: int, number: int) -> int:
    """Return the `number`-th (from 0) fresh seed on which the winners of a replicate are retrained."""
    return stable_seed(seed, "retrain", replicate, number) % _SEEDS


def _folder(out: Path, method: str, replicate: int) -> Path:
    return out / "sweeps" / f"{method}-r{replicate}"


def _with_constants(sweep: Sweep, settings: StudySettings, replicate: int) -> Sweep:
    parameters: Mapping[str, Any] = copy.deepcopy(sweep.config["parameters"])
    if settings.epochs is not None:
        parameters = with_constant(parameters, "epochs", settings.epochs)
    if settings.seed_parameter is not None:
        seed = training_seed(settings.seed, replicate)
        parameters = with_constant(parameters, settings.seed_parameter, seed)
    return make_sweep({**sweep.config, "parameters": parameters}, default_name=sweep.name)


def _planned(
    sweep: Sweep, method: str, replicate: int, run_cap: int | None, settings: StudySettings, out: Path
) -> PlannedSweep:
    folder = _folder(out, method, replicate)
    config = {**_with_constants(sweep, settings, replicate).config, "name": folder.name}
    config.pop("run_cap", None)
    if run_cap is not None:
        config["run_cap"] = run_cap
    return PlannedSweep(
        folder=folder,
        sweep=make_sweep(config, default_name=method),
        seed=stable_seed(settings.seed, "search", method, replicate),
        budget=_budget(sweep, settings),
        priority=replicate,
    )


def _budget(sweep: Sweep, settings: StudySettings) -> Budget | None:
    budget = settings.budget
    if budget.seconds is not None:
        return SecondsBudget(budget.seconds)
    if budget.steps is None:
        return None
    assert budget.steps_per_trial is not None and sweep.metric is not None
    return StepBudget(budget.steps, budget.steps_per_trial, sweep.metric.name)


def _run_cap(sweep: Sweep, cwd: Path, settings: StudySettings) -> int | None:
    """Return the most trials of a search: for a budget in steps, as many as fit at their shortest."""
    budget = settings.budget
    if budget.steps is None:
        return budget.trials
    assert budget.steps_per_trial is not None
    # A scheduler block may name its source file relative to the directory that trials run in.
    with contextlib.chdir(cwd):
        _, pruner = make_search(sweep, "budget", settings.seed)
    return budget.steps // (1 if pruner.prunes else budget.steps_per_trial)


def _check_values(subject: Subject, settings: StudySettings) -> None:
    if settings.epochs is not None and not subject.has("epochs"):
        raise FashionWbError(
            f"--epochs: neither {subject.name} nor its program has a parameter epochs; set the length of a "
            "trial in the sweep file"
        )
    program = subject.program
    checks = (None if program is None else program.parameters()) or {}
    for name, value in (("epochs", settings.epochs), (settings.seed_parameter, training_seed(0, 0))):
        if name is not None and value is not None and name in checks:
            checks[name](value)


def _check_folder(out: Path) -> None:
    for path in sorted((out / "sweeps").glob("*/sweep.json")):
        name, _, replicate = path.parent.name.rpartition("-r")
        if not name or not replicate.isdecimal():
            raise FashionWbError(
                f"{path.parent}: this search is from an older version, without replicates and with other "
                "seeds: give another --out, or delete the old study"
            )
