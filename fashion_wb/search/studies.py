"""The Optuna studies that the sweep files name.

W&B's scheduler loads this file by its path, online (`wandb sweep-scheduler`) and offline alike, and
calls the function named by `scheduler.optimizer` with its SweepInfo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import optuna

from fashion_wb.errors import FashionWbError
from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.search.optuna_samplers.hyperband_pruner import HyperbandRule
from fashion_wb.search.optuna_samplers.hyperopt_tpe import HyperoptTPESampler, TPEOptions
from fashion_wb.search.optuna_samplers.per_trial import PerTrialSampler
from fashion_wb.search.optuna_samplers.unit_samplers import CmaEsSampler, QuasiRandomSampler
from fashion_wb.search.seeds import stable_seed
from fashion_wb.trial import Metric

if TYPE_CHECKING:
    from fashion_wb.wandb_private import SweepInfo


def hyperopt_tpe(sweep: SweepInfo) -> optuna.Study:
    """A study sampled by hyperopt's TPE; hyperopt's defaults but for the start-up trials."""
    options = TPEOptions(n_startup_jobs=startup_trials(sweep.config.get("run_cap")))
    space = _declared_space(sweep.config)
    return _study(sweep, HyperoptTPESampler(study_seed(sweep), space, options))


def optuna_tpe(sweep: SweepInfo) -> optuna.Study:
    """A study sampled by Optuna's TPE; Optuna 5's defaults but for the start-up trials.

    Those are a multivariate TPE with constant liar: running trials count among the poor ones.
    """
    return _study(sweep, _tpe(sweep))


def optuna_tpe_univariate(sweep: SweepInfo) -> optuna.Study:
    """As `optuna_tpe`, with the two defaults of Optuna 4 that version 5 changed but still has options for.

    Each parameter is modelled on its own, and running trials are left out. (Version 5's other change, the
    bandwidth of the kernels, has none.)
    """
    return _study(sweep, _tpe(sweep, multivariate=False, constant_liar=False))


def optuna_tpe_hyperband(sweep: SweepInfo) -> optuna.Study:
    """As `optuna_tpe`, and trials are stopped as sweeps/hyperband.yaml has them stopped.

    TPE learns from stopped trials too. What BOHB promised (Falkner et al., ICML 2018), but for its brackets:
    with a budget of ten trials they would leave each model two or three of them.
    """
    metric = Metric("value", sweep.config.get("metric", {}).get("goal", "minimize"))
    block = {"type": "hyperband", "min_iter": 1, "eta": 3, "strict": True}
    return _study(sweep, _tpe(sweep), HyperbandRule(HyperbandPruner({"early_terminate": block}, metric)))


def optuna_gp(sweep: SweepInfo) -> optuna.Study:
    """A study sampled by Optuna's Gaussian process; its defaults but for the start-up trials."""
    startup = startup_trials(sweep.config.get("run_cap"))

    def make(seed: int) -> optuna.samplers.GPSampler:
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=startup)

    return _study(sweep, PerTrialSampler(make, study_seed(sweep)))


def quasi_random(sweep: SweepInfo) -> optuna.Study:
    """A study of the points of a scrambled Sobol sequence."""
    return _study(sweep, QuasiRandomSampler(study_seed(sweep), _needed_space(sweep)))


def cma_es(sweep: SweepInfo) -> optuna.Study:
    """A study sampled by CMA-ES."""
    return _study(sweep, CmaEsSampler(study_seed(sweep), _needed_space(sweep)))


def study_seed(sweep: SweepInfo) -> int:
    """The seed in [0, 2**32) of a sweep's study.

    Offline it comes from the search's own seed, which is handed over in the config: the same command gives
    the same suggestions in any folder. W&B's server knows no seed; there it comes from the sweep's id, all
    that survives a restart of `wandb sweep-scheduler`, so that a restarted sweep goes on as it would have.
    """
    return stable_seed(sweep.config.get("seed", sweep.id))


def startup_trials(run_cap: int | None) -> int:
    """How many trials are random before a TPE starts to model, from 3 to 10.

    Optuna's default is 10 and hyperopt's 20, either of which would make a sweep of 10 trials pure
    random search under another name. A quarter of the run cap leaves the model most of the budget;
    fewer than 3 points would give it nothing to model; and both TPEs share the rule, so that a
    comparison of them compares models. Without a run cap: 10, Optuna's default.
    """
    return 10 if run_cap is None else max(3, min(10, run_cap // 4))


def _tpe(sweep: SweepInfo, **options: bool) -> PerTrialSampler:
    startup = startup_trials(sweep.config.get("run_cap"))

    def make(seed: int) -> optuna.samplers.TPESampler:
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup, **options)

    return PerTrialSampler(make, study_seed(sweep))


def _study(
    sweep: SweepInfo,
    sampler: optuna.samplers.BaseSampler,
    pruner: optuna.pruners.BasePruner | None = None,
) -> optuna.Study:
    goal = sweep.config.get("metric", {}).get("goal", "minimize")
    # Not None: that would be Optuna's default, which stops trials.
    pruner = optuna.pruners.NopPruner() if pruner is None else pruner
    return optuna.create_study(direction=goal, sampler=sampler, pruner=pruner)


def _needed_space(sweep: SweepInfo) -> dict[str, Any]:
    space = _declared_space(sweep.config)
    if space is None:
        raise FashionWbError(
            "scheduler.search_space: this search needs to know its space beforehand; declare it in parameters"
        )
    return space


def _declared_space(config: Mapping[str, Any]) -> dict[str, Any] | None:
    # With a search_space function the parameters are whatever it asks for, known only as it runs.
    if "search_space" in config.get("scheduler", {}):
        return None
    from fashion_wb.wandb_private import optuna_search_space

    return optuna_search_space(config["parameters"])
