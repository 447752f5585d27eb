"""hyperopt's own TPE as an Optuna sampler.

Optuna's TPE is a different one: multivariate, with other bandwidths and another split into good and bad
trials. Here every suggestion comes from `hyperopt.tpe.suggest` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import hyperopt
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.search_space import intersection_search_space
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from fashion_wb.search.optuna_samplers.hyperopt_space import from_hyperopt, hyperopt_prior, to_hyperopt
from fashion_wb.search.optuna_samplers.outcomes import best_loss
from fashion_wb.search.seeds import stable_seed

Space = Mapping[str, BaseDistribution]


@dataclass(frozen=True)
class TPEOptions:
    """hyperopt's options, with its names and defaults.

    Attributes:
        n_startup_jobs: suggestions are random while fewer trials than this (of any state) are known.
        gamma: the best ceil(gamma * sqrt(trials)) trials, at most 25, count as good.
        n_EI_candidates: number of draws per parameter; the one with the best expected improvement wins.
    """

    n_startup_jobs: int = 20
    gamma: float = 0.25
    n_EI_candidates: int = 24  # noqa: N815 - hyperopt's spelling


class HyperoptTPESampler(BaseSampler):
    """Suggests what `hyperopt.tpe.suggest` suggests.

    hyperopt learns of these trials (losses are negated if the study maximises):

    - complete ones, with their value as the loss
    - pruned ones, with the best value they reported (the objective is the best value over what was trained)
    - running ones, without a loss
    - failed ones, as failed, without a loss

    hyperopt itself ranks a trial without a loss behind all others. Suggestion k depends only on the seed, k
    and the study's other trials.

    Args:
        seed: any integer; one per sweep.
        space: the whole search space, if known in advance; then the first trials are drawn jointly too.
            Without it (define-by-run), the parameters that all finished trials share are drawn jointly and
            every other one on its own, each still by hyperopt.
        options: hyperopt's options.

    Raises:
        FashionWbError: (when sampling) a kind of distribution that hyperopt does not have.
    """

    def __init__(self, seed: int, space: Space | None = None, options: TPEOptions | None = None) -> None:
        self._seed = seed
        self._space = None if space is None else dict(space)
        self._options = TPEOptions() if options is None else options

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that are drawn jointly and have more than one value, by name."""
        space = self._space
        if space is None:
            space = intersection_search_space(study.get_trials(deepcopy=False), include_pruned=True)
        return {name: space[name] for name in sorted(space) if not space[name].single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Suggest all parameters of `search_space` with one call of hyperopt."""
        if not search_space:
            return {}
        return self._suggest(study, trial, search_space, stable_seed(self._seed, trial.number))

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Suggest one parameter on its own. Nothing is lost: hyperopt models each parameter separately."""
        # Without the name in the seed, all parameters of a trial would share one random draw.
        seed = stable_seed(self._seed, trial.number, param_name)
        return self._suggest(study, trial, {param_name: param_distribution}, seed)[param_name]

    def _suggest(self, study: Study, trial: FrozenTrial, space: Space, seed: int) -> dict[str, Any]:
        domain = hyperopt.Domain(_unused_objective, {n: hyperopt_prior(n, d) for n, d in space.items()})
        others = [t for t in study.get_trials(deepcopy=False) if t.number != trial.number]
        (doc,) = hyperopt.tpe.suggest(
            [trial.number],
            domain,
            _hyperopt_trials(others, space, study.direction),
            seed,
            n_startup_jobs=self._options.n_startup_jobs,
            gamma=self._options.gamma,
            n_EI_candidates=self._options.n_EI_candidates,
            verbose=False,
        )
        return {n: from_hyperopt(d, doc["misc"]["vals"][n][0]) for n, d in space.items()}


def _unused_objective(_: Any) -> float:
    raise AssertionError("hyperopt only suggests; the sweep trains")


def _hyperopt_trials(
    trials: Iterable[FrozenTrial], space: Space, direction: StudyDirection
) -> hyperopt.Trials:
    docs = [_doc(t, space, direction) for t in trials if t.state is not TrialState.WAITING]
    return hyperopt.trials_from_docs(docs, validate=False)


def _doc(trial: FrozenTrial, space: Space, direction: StudyDirection) -> dict[str, Any]:
    vals = {name: _observed(trial, name, distribution) for name, distribution in space.items()}
    idxs = {name: [trial.number] * len(found) for name, found in vals.items()}
    running = trial.state is TrialState.RUNNING
    return {
        # Never JOB_STATE_ERROR: hyperopt drops such trials and would suggest them again.
        "state": hyperopt.JOB_STATE_RUNNING if running else hyperopt.JOB_STATE_DONE,
        "tid": trial.number,
        "spec": None,
        "result": _result(trial, direction),
        "misc": {"tid": trial.number, "cmd": None, "idxs": idxs, "vals": vals},
        "exp_key": None,
        "owner": None,
        "version": 0,
        "book_time": None,
        "refresh_time": None,
    }


def _observed(trial: FrozenTrial, name: str, distribution: BaseDistribution) -> list[float]:
    # The trial lacked this parameter or had it on another scale, so it says nothing about it.
    if trial.distributions.get(name) != distribution:
        return []
    return [to_hyperopt(distribution, trial.params[name])]


def _result(trial: FrozenTrial, direction: StudyDirection) -> dict[str, Any]:
    if trial.state is TrialState.RUNNING:
        return {"status": hyperopt.STATUS_RUNNING}
    loss = best_loss(trial, direction)
    if loss is None:
        return {"status": hyperopt.STATUS_FAIL}
    return {"status": hyperopt.STATUS_OK, "loss": loss}
