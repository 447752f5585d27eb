"""W&B's Optuna engine: trial numbers that agree, prunes that count as prunes, and a fast resumption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState as OptunaState

from fashion_wb.errors import FashionWbError
from fashion_wb.search.optuna_samplers.per_trial import PerTrialSampler
from fashion_wb.search.scheduler.engine import Engine
from fashion_wb.trial import Metric, Trial, TrialState

if TYPE_CHECKING:
    from fashion_wb.wandb_private import Optimizer


class OptunaEngine(Engine):
    """Keeps an Optuna study whose trial k is the sweep's trial k.

    A finished trial is complete with its best value, a stopped one is pruned, and one that failed or
    logged no finite value has failed, without a value.

    Args:
        optimizer: W&B's; the study and, unless a search_space function makes it up, its distributions.
        metric: the objective.
        seed: seeds Optuna's default TPE; None where the file's own function has built the study.

    Raises:
        FashionWbError: the study comes with trials of its own.
    """

    def __init__(self, optimizer: Optimizer, metric: Metric, seed: int | None) -> None:
        super().__init__(optimizer, metric)
        self._study: optuna.Study = optimizer.study
        self._distributions = getattr(optimizer, "distributions", None)
        self.prunes = not isinstance(self._study.pruner, optuna.pruners.NopPruner)
        if any(t.state is not OptunaState.WAITING for t in self._study.get_trials(deepcopy=False)):
            raise FashionWbError(
                "scheduler.optimizer: the study already has trials; offline, the runs are the only record, "
                "so return a new study, without storage= or load_if_exists="
            )
        if seed is not None:
            self._study.sampler = PerTrialSampler(lambda k: optuna.samplers.TPESampler(seed=k), seed)

    def suggest(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """As `Engine.suggest`; None too where a spent GridSampler would repeat itself."""
        config = super().suggest(trials)
        repeats = isinstance(self._study.sampler, optuna.samplers.GridSampler) and any(
            trial.config == config for trial in trials
        )
        return None if repeats else config

    def _adopt(self, trial: Trial, reporting: bool) -> str:
        queued = self._study.get_trials(deepcopy=False, states=(OptunaState.WAITING,))
        if queued:
            (suggestion,) = self._optimizer.ask_n_runs(1)
            run_id = suggestion.run_id
        elif trial.state.ended and self._distributions is not None:
            self._study.add_trial(self._ended(trial))
            return str(trial.number)
        else:
            run_id = super()._adopt(trial, reporting)
        if not reporting:
            self._check_same(trial, self._optimizer.trials[run_id].params)
        return run_id

    def _check_same(self, trial: Trial, params: dict[str, Any]) -> None:
        # W&B samples anew what it does not find in the config: the study would learn a falsehood.
        wrong = sorted(n for n, v in params.items() if n not in trial.config or trial.config[n] != v)
        if wrong:
            raise FashionWbError(
                f"scheduler: trial {trial.number} cannot be resumed, its config does not give {wrong[0]!r} "
                "as the study suggests it; search_space must return every value under its suggested name"
            )

    def _ended(self, trial: Trial) -> optuna.trial.FrozenTrial:
        missing = sorted(set(self._distributions) - set(trial.config))
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
            params={name: trial.config[name] for name in self._distributions},
            distributions=self._distributions,
            intermediate_values=points,
        )

    def _tell_end(self, trial: Trial) -> None:
        run_id = self._ids[trial.number]
        if run_id not in self._optimizer.trials:
            return  # added to the study as ended
        if trial.state is not TrialState.STOPPED:
            super()._tell_end(trial)
            return
        # W&B's engine knows only its own prunes; told of a killed run it would fail the trial.
        self._optimizer.tell_run(run_id, self._data(trial, TrialState.RUNNING))
        self._study.tell(self._optimizer.trials.pop(run_id), state=OptunaState.PRUNED)
