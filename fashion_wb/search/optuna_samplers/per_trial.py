"""A wrapper that makes a stateless Optuna sampler replay exactly when a study is resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from fashion_wb.search.seeds import stable_seed


class PerTrialSampler(BaseSampler):
    """Samples every trial with a new sampler, seeded from (seed, trial number).

    An Optuna sampler uses one random stream for the whole study. In a resumed study the stream starts again,
    so the study continues differently. Here the parameters of trial k depend only on the seed, k and the
    study's trials. Use it only for samplers whose whole state is that stream (TPE, random): a sampler that
    learns in `after_trial` would forget what it learnt.

    Args:
        make: builds the wrapped sampler from a seed in [0, 2**32).
        seed: any integer; one per sweep.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed
        self._current: tuple[int, BaseSampler] | None = None

    def _sampler(self, trial: FrozenTrial) -> BaseSampler:
        # The parameters of one trial may be drawn one by one, all from the same stream.
        if self._current is None or self._current[0] != trial.number:
            self._current = (trial.number, self._make_sampler(trial))
        return self._current[1]

    def _make_sampler(self, trial: FrozenTrial) -> BaseSampler:
        return self._make(stable_seed(self._seed, trial.number))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Start the trial's own random stream and let its sampler prepare."""
        self._current = (trial.number, self._make_sampler(trial))
        self._current[1].before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the wrapped sampler's joint search space for this trial."""
        return self._sampler(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the wrapped sampler's joint suggestion."""
        return self._sampler(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the wrapped sampler's suggestion for one parameter on its own."""
        return self._sampler(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell a new sampler, so that a trial that is still being drawn keeps its random stream."""
        self._make_sampler(trial).after_trial(study, trial, state, values)
