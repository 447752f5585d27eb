"""A wrapper that makes any stateless Optuna sampler replayable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from fashion_wb.search.seeds import stable_seed


class PerTrialSampler(BaseSampler):
    """Samples every trial with a fresh sampler, seeded from (seed, trial number).

    An Optuna sampler carries one random stream through the whole study, so a resumed study, whose
    stream starts afresh, goes on differently. Here trial k's parameters depend on seed, k and the
    study's trials alone. Only right for samplers that keep nothing but that stream (TPE, random): one
    that learns in `after_trial` would forget it.

    Args:
        make: builds the wrapped sampler from a seed in [0, 2**32).
        seed: any integer; one per sweep.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed
        self._current: tuple[int, BaseSampler] | None = None

    def _sampler(self, trial: FrozenTrial) -> BaseSampler:
        # One trial's parameters may be drawn one at a time, all from the same stream.
        if self._current is None or self._current[0] != trial.number:
            self._current = (trial.number, self._fresh(trial))
        return self._current[1]

    def _fresh(self, trial: FrozenTrial) -> BaseSampler:
        return self._make(stable_seed(self._seed, trial.number))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Start the trial's own stream and let its sampler prepare."""
        self._current = (trial.number, self._fresh(trial))
        self._current[1].before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The wrapped sampler's joint search space for this trial."""
        return self._sampler(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The wrapped sampler's joint suggestion."""
        return self._sampler(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The wrapped sampler's suggestion for one parameter on its own."""
        return self._sampler(trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell a sampler of its own, so that a trial still being drawn keeps its stream."""
        self._fresh(trial).after_trial(study, trial, state, values)
