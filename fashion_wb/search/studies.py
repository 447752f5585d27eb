"""The Optuna studies that the sweep files name.

W&B's scheduler loads this file by its path, both online (`wandb sweep-scheduler`) and offline. It calls the
function that `scheduler.optimizer` names with its SweepInfo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import optuna

from fashion_wb.errors import FashionWbError
from fashion_wb.search.hyperband import HyperbandPruner
from fashion_wb.search.one_thread import one_thread
from fashion_wb.search.optuna_samplers.hyperband_pruner import WandbHyperbandPruner
from fashion_wb.search.optuna_samplers.hyperopt_tpe import HyperoptTPESampler, TPEOptions
from fashion_wb.search.optuna_samplers.per_trial import PerTrialSampler
from fashion_wb.search.optuna_samplers.unit_samplers import CmaEsSampler, QuasiRandomSampler
from fashion_wb.search.seeds import stable_seed
from fashion_wb.trial import Metric

if TYPE_CHECKING:
    from fashion_wb.wandb_private import SweepInfo


def hyperopt_tpe(sweep: SweepInfo) -> optuna.Study:
    """Create a study with hyperopt's TPE and its defaults, except for the number of start-up trials."""
    options = TPEOptions(n_startup_jobs=startup_trials(sweep.config.get("run_cap")))
    space = _declared_space(sweep.config)
    return _study(sweep, HyperoptTPESampler(study_seed(sweep), space, options))


def optuna_tpe(sweep: SweepInfo) -> optuna.Study:
    """Create a study with Optuna's TPE and Optuna 5's defaults, except for the number of start-up trials.

    The defaults are a multivariate TPE with constant liar: running trials count as bad ones.
    """
    return _study(sweep, _tpe(sweep))


def optuna_tpe_univariate(sweep: SweepInfo) -> optuna.Study:
    """Create a study like `optuna_tpe`, with two defaults of Optuna 4: univariate, and no constant liar.

    Each parameter is modelled on its own, and running trials are ignored. Optuna 5 also changed the bandwidth
    of the kernels, but has no option for that.
    """
    return _study(sweep, _tpe(sweep, multivariate=False, constant_liar=False))


def optuna_tpe_hyperband(sweep: SweepInfo) -> optuna.Study:
    """Create a study like `optuna_tpe` that also stops trials by the rule of sweeps/hyperband.yaml.

    TPE learns from stopped trials too. This is BOHB (Falkner et al., ICML 2018) without its brackets: with a
    budget of ten trials, brackets would leave each model two or three trials.
    """
    metric = Metric("value", sweep.config.get("metric", {}).get("goal", "minimize"))
    block = {"type": "hyperband", "min_iter": 1, "eta": 3, "strict": True}
    return _study(
        sweep, _tpe(sweep), WandbHyperbandPruner(HyperbandPruner({"early_terminate": block}, metric))
    )


def optuna_gp(sweep: SweepInfo) -> optuna.Study:
    """Create a study with Optuna's Gaussian process and its defaults, except for the start-up trials."""
    startup = startup_trials(sweep.config.get("run_cap"))

    def make(seed: int) -> _OneThreadGPSampler:
        return _OneThreadGPSampler(seed=seed, n_startup_trials=startup)

    return _study(sweep, PerTrialSampler(make, study_seed(sweep)))


class _OneThreadGPSampler(optuna.samplers.GPSampler):
    def sample_relative(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        with one_thread():
            return super().sample_relative(*args, **kwargs)


def quasi_random(sweep: SweepInfo) -> optuna.Study:
    """Create a study whose trials are the points of a scrambled Sobol sequence."""
    return _study(sweep, QuasiRandomSampler(study_seed(sweep), _needed_space(sweep)))


def cma_es(sweep: SweepInfo) -> optuna.Study:
    """Create a study with CMA-ES."""
    return _study(sweep, CmaEsSampler(study_seed(sweep), _needed_space(sweep)))


def study_seed(sweep: SweepInfo) -> int:
    """Return the seed of a sweep's study, in [0, 2**32).

    Offline it comes from the seed of the search, which is in the config: the same command gives the same
    suggestions in any folder. On W&B's server there is no seed, so it comes from the sweep's id. Nothing else
    survives a restart of `wandb sweep-scheduler`, and the restarted sweep continues as it would have.
    """
    return stable_seed(sweep.config.get("seed", sweep.id))


def startup_trials(run_cap: int | None) -> int:
    """Return how many trials are random before the model of a TPE takes over, from 3 to 10.

    It is a quarter of the run cap, which leaves the model most of the budget. Fewer than 3 points would give
    it nothing to model. The defaults, 10 in Optuna and 20 in hyperopt, would make a sweep of 10 trials pure
    random search. Both TPEs use the same rule, so comparing them compares their models. Without a run cap
    the result is 10, Optuna's default.
    """
    return 10 if run_cap is None else max(3, min(10, run_cap // 4))


def _tpe(sweep: SweepInfo, **options: Any) -> PerTrialSampler:
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
    # None would mean Optuna's default pruner, which stops trials.
    pruner = optuna.pruners.NopPruner() if pruner is None else pruner
    return optuna.create_study(direction=goal, sampler=sampler, pruner=pruner)


def _needed_space(sweep: SweepInfo) -> dict[str, Any]:
    space = _declared_space(sweep.config)
    if space is None:
        raise FashionWbError(
            "scheduler.search_space: this search needs the whole search space in advance; "
            "declare it in parameters"
        )
    return space


def _declared_space(config: Mapping[str, Any]) -> dict[str, Any] | None:
    # With a search_space function, the parameters are known only when it runs.
    if "search_space" in config.get("scheduler", {}):
        return None
    from fashion_wb.wandb_private import optuna_search_space

    return optuna_search_space(config["parameters"])
