"""W&B's Optuna engine, with matching trial numbers, stopped trials as pruned ones, and fast resuming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.trial import TrialState as OptunaState

from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.search.optuna_samplers.hyperband_pruner import WandbHyperbandPruner
from fashion_wb.search.optuna_samplers.hyperopt_tpe import HyperoptTPESampler
from fashion_wb.search.optuna_samplers.per_trial import PerTrialSampler
from fashion_wb.search.optuna_samplers.unit_samplers import QuasiRandomSampler, UnitSampler
from fashion_wb.search.scheduler.engine import Engine
from fashion_wb.trial import Metric, Trial, TrialState

# Samplers for which results do not matter.
_RESULTS_DO_NOT_MATTER = (QuasiRandomSampler, optuna.samplers.RandomSampler, optuna.samplers.GridSampler)
# Samplers that draw each trial by its number.
_BY_NUMBER = (PerTrialSampler, HyperoptTPESampler, UnitSampler)

Distributions = dict[str, optuna.distributions.BaseDistribution]


class OptunaEngine(Engine):
    """Keeps an Optuna study whose trial k is the sweep's trial k.

    A finished trial is complete, with its best value. A stopped trial is pruned. A trial that failed, or
    logged no finite value, is failed without a value.

    Args:
        optimizer: an OptunaOptimizer of W&B. It has a study and, unless a search_space function defines the
            space, the distributions.
        metric: the objective.
        seed: seeds Optuna's default TPE; None if the file's own function built the study.

    Raises:
        FashionWbError: the study already has trials.
    """

    def __init__(self, optimizer: Any, metric: Metric, seed: int | None) -> None:
        super().__init__(optimizer, metric)
        self._study: optuna.Study = optimizer.study
        # The trials that are still open, by run id; W&B's optimizer adds and removes them.
        self._open_trials: dict[str, optuna.Trial] = optimizer.trials
        self._distributions: Distributions | None = getattr(optimizer, "distributions", None)
        self.prunes = not isinstance(self._study.pruner, optuna.pruners.NopPruner)
        if any(t.state is not OptunaState.WAITING for t in self._study.get_trials(deepcopy=False)):
            raise FashionWbError(
                "scheduler.optimizer: the study already has trials; offline, the runs are the only record, "
                "so return a new study, without storage= or load_if_exists="
            )
        if seed is not None:
            self._study.sampler = PerTrialSampler(lambda k: optuna.samplers.TPESampler(seed=k), seed)
        self.learns = not isinstance(self._study.sampler, _RESULTS_DO_NOT_MATTER)
        self.draws_by_number = isinstance(self._study.sampler, _BY_NUMBER)

    def suggest(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """Suggest as `Engine.suggest` does; a GridSampler does not repeat itself, resumed or not."""
        config = super().suggest(trials)
        if not isinstance(self._study.sampler, optuna.samplers.GridSampler):
            return config
        tried = [trial.config for trial in trials]
        while config in tried:
            config = self.suggest_again(trials)
        return config

    def _comparison(self, number: int) -> Stop | None:
        pruner = self._study.pruner
        if not isinstance(pruner, WandbHyperbandPruner):
            return None
        # To Optuna every objective is named "value".
        return replace(pruner.stops[number], metric=self._metric.name)

    def _register(self, trial: Trial, reporting: bool) -> str:
        queued = self._study.get_trials(deepcopy=False, states=(OptunaState.WAITING,))
        if queued:
            (suggestion,) = self._optimizer.ask_n_runs(1) or ()
            run_id = suggestion.run_id
        elif trial.state.ended and self._distributions is not None:
            self._study.add_trial(self._frozen_trial(trial, self._distributions))
            return str(trial.number)
        else:
            run_id = super()._register(trial, reporting)
        if not reporting:
            self._check_params(trial, self._open_trials[run_id].params)
        return run_id

    def _check_params(self, trial: Trial, params: dict[str, Any]) -> None:
        # W&B samples again what the config lacks, so the study would learn from values that were never used.
        wrong = sorted(n for n, v in params.items() if n not in trial.config or trial.config[n] != v)
        if wrong:
            raise FashionWbError(
                f"scheduler: trial {trial.number} cannot be resumed: its config lacks the value that the "
                f"study suggested for {wrong[0]!r}; search_space must return every suggested value under "
                "the name that it was suggested by"
            )

    def _frozen_trial(self, trial: Trial, distributions: Distributions) -> optuna.trial.FrozenTrial:
        missing = sorted(set(distributions) - set(trial.config))
        if missing:
            raise FashionWbError(
                f"trial {trial.number} has no value for parameter {missing[0]!r}: the sweep file has "
                "changed since it ran"
            )
        points = dict(self.points(trial))
        best = self._metric.best(trial.history)
        state, value = OptunaState.FAIL, None
        if trial.state is TrialState.FINISHED and best is not None:
            state, value = OptunaState.COMPLETE, best
        elif trial.state is TrialState.STOPPED:
            # Optuna gives a pruned trial the last value it reported.
            state, value = OptunaState.PRUNED, points[max(points)] if points else None
        return optuna.trial.create_trial(
            state=state,
            value=value,
            params={name: trial.config[name] for name in distributions},
            distributions=distributions,
            intermediate_values=points,
        )

    def _tell_outcome(self, trial: Trial) -> None:
        run_id = self._ids[trial.number]
        if run_id not in self._open_trials:
            return  # `_register` added it to the study with its outcome
        if trial.state is not TrialState.STOPPED:
            super()._tell_outcome(trial)
            return
        # W&B's engine knows only the trials that it pruned itself; it would count a killed run as failed.
        self._optimizer.tell_run(run_id, self._run_data(trial, TrialState.RUNNING))
        self._study.tell(self._open_trials.pop(run_id), state=OptunaState.PRUNED)
