"""Quasi-random search and CMA-ES as Optuna samplers that a resumption cannot change.

Optuna has both, but its quasi-random sampler counts its points, and its CMA-ES keeps its state, in notes on
the study, which W&B's scheduler does not have after a restart. These work from the trials alone.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import cmaes
import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial
from scipy.stats import qmc

from fashion_wb.search.optuna_samplers.outcomes import best_value
from fashion_wb.search.optuna_samplers.unit_cube import from_unit, to_unit
from fashion_wb.search.seeds import stable_seed

Space = Mapping[str, BaseDistribution]
# Of the range: what Hansen's tutorial (arXiv 1604.00772) advises where the optimum is expected within it.
_SIGMA = 0.3


class UnitSampler(BaseSampler):
    """Samples all of a known space at once, as a point of the unit cube.

    Args:
        seed: any integer; one per sweep.
        space: the whole search space.
    """

    def __init__(self, seed: int, space: Space) -> None:
        self._seed = seed
        self._space = {name: space[name] for name in sorted(space) if not space[name].single()}

    @abstractmethod
    def point(self, study: Study, trial: FrozenTrial) -> Sequence[float]:
        """A position in [0, 1] for each parameter with more than one value, in order of name."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The parameters with more than one value, by name."""
        return dict(self._space)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """All of them, at one point."""
        if not search_space:
            return {}
        point = self.point(study, trial)
        return {
            name: from_unit(distribution, float(position))
            for (name, distribution), position in zip(self._space.items(), point, strict=True)
        }

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A uniform draw, for a parameter that the space does not hold."""
        seed = stable_seed(self._seed, trial.number, param_name)
        return from_unit(param_distribution, float(np.random.default_rng(seed).random()))


class QuasiRandomSampler(UnitSampler):
    """Trial k is point k of a scrambled Sobol sequence (Owen 1998; from scipy), whatever the results."""

    def point(self, study: Study, trial: FrozenTrial) -> Sequence[float]:
        """The trial's point."""
        sequence = qmc.Sobol(len(self._space), scramble=True, rng=self._seed)
        if trial.number > 0:
            sequence.fast_forward(trial.number)
        return sequence.random(1)[0]


class CmaEsSampler(UnitSampler):
    """CMA-ES (Hansen and Ostermeier 2001; the package `cmaes`), started in the middle of the space.

    A generation is as many trials, in order of number, as the method's default says for the dimension. Trial
    k is drawn, with randomness of its own, after all the generations that have ended to their last trial. An
    integer or a category is taken for the middle of its interval. A trial without a result ranks behind all
    that have one, as rank is all that the method looks at; a pruned one has the best of what it reported.
    """

    def point(self, study: Study, trial: FrozenTrial) -> Sequence[float]:
        """A draw from the search's distribution as the trials so far have shaped it."""
        dimension = len(self._space)
        optimizer = cmaes.CMA(
            mean=np.full(dimension, 0.5),
            sigma=_SIGMA,
            bounds=np.array([[0.0, 1.0]] * dimension),
            seed=stable_seed(self._seed, "cmaes"),
        )
        trials = [t for t in study.get_trials(deepcopy=False) if t.number != trial.number]
        size = optimizer.population_size
        for start in range(0, len(trials) - size + 1, size):
            generation = trials[start : start + size]
            if not all(t.state.is_finished() for t in generation):
                break
            optimizer.tell([(self._position(t), _value(t, study.direction)) for t in generation])
        optimizer.reseed_rng(stable_seed(self._seed, trial.number))
        return optimizer.ask()

    def _position(self, trial: FrozenTrial) -> np.ndarray:
        return np.array([to_unit(d, trial.params[name]) for name, d in self._space.items()])


def _value(trial: FrozenTrial, direction: StudyDirection) -> float:
    value = best_value(trial, direction)
    return math.inf if value is None else value
