"""Quasi-random search and CMA-ES as Optuna samplers that continue unchanged in a resumed study.

Optuna has both, but they store their state in notes on the study (the number of points, the state of CMA-ES).
W&B's scheduler does not have those notes after a restart. The samplers here work from the trials alone.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import cmaes
import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial
from scipy.stats import qmc

from fashion_wb.search.optuna_samplers.outcomes import best_loss
from fashion_wb.search.optuna_samplers.unit_cube import from_unit, to_unit
from fashion_wb.search.seeds import stable_seed

Space = Mapping[str, BaseDistribution]
Point = NDArray[np.float64]
# As a share of the range: what Hansen's tutorial (arXiv 1604.00772) advises if the optimum lies within it.
_SIGMA = 0.3


class UnitSampler(BaseSampler):
    """Samples all parameters of a known space at once, as a point of the unit cube.

    Args:
        seed: any integer; one per sweep.
        space: the whole search space.
    """

    def __init__(self, seed: int, space: Space) -> None:
        self._seed = seed
        self._space = {name: space[name] for name in sorted(space) if not space[name].single()}

    @abstractmethod
    def point(self, study: Study, trial: FrozenTrial) -> Point:
        """Return a position in [0, 1] for each parameter with more than one value, in order of name."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters with more than one value, by name."""
        return dict(self._space)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Suggest all of them, at one point."""
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
        """Draw uniformly, for a parameter that is not in the space."""
        seed = stable_seed(self._seed, trial.number, param_name)
        return from_unit(param_distribution, float(np.random.default_rng(seed).random()))


class QuasiRandomSampler(UnitSampler):
    """Trial k is point k of a scrambled Sobol sequence (Owen 1998; from scipy); results do not matter."""

    def point(self, study: Study, trial: FrozenTrial) -> Point:
        """Return the trial's point of the sequence."""
        sequence = qmc.Sobol(len(self._space), scramble=True, rng=self._seed)
        if trial.number > 0:
            sequence.fast_forward(trial.number)
        point: Point = sequence.random(1)[0]
        return point


class CmaEsSampler(UnitSampler):
    """CMA-ES (Hansen and Ostermeier 2001; the package `cmaes`), started in the middle of the space.

    The trials, in order of number, form generations of the method's default size for the dimension. Trial k
    is drawn, with a random stream of its own, from the state after the leading generations whose trials have
    all ended. An integer or a category counts as the middle of its interval. The method uses only the ranks
    of results: a trial without a result ranks behind all others, and a pruned trial counts with the best
    value it reported. A trial that lacks one of the parameters counts for nothing.
    """

    def point(self, study: Study, trial: FrozenTrial) -> Point:
        """Draw a point from the distribution that the method has reached after the trials so far."""
        dimension = len(self._space)
        optimizer = cmaes.CMA(
            mean=np.full(dimension, 0.5),
            sigma=_SIGMA,
            bounds=np.array([[0.0, 1.0]] * dimension),
            seed=stable_seed(self._seed, "cmaes"),
        )
        trials = [t for t in study.get_trials(deepcopy=False) if t.number != trial.number and self._counts(t)]
        size = optimizer.population_size
        for start in range(0, len(trials) - size + 1, size):
            generation = trials[start : start + size]
            if not all(t.state.is_finished() for t in generation):
                break
            optimizer.tell([(self._position(t), _loss(t, study.direction)) for t in generation])
        optimizer.reseed_rng(stable_seed(self._seed, trial.number))
        point: Point = optimizer.ask()
        return point

    def _counts(self, trial: FrozenTrial) -> bool:
        # A trial of another space, or one that failed before it had parameters, says nothing.
        return not trial.state.is_finished() or self._space.keys() <= trial.params.keys()

    def _position(self, trial: FrozenTrial) -> Point:
        return np.array([to_unit(d, trial.params[name]) for name, d in self._space.items()])


def _loss(trial: FrozenTrial, direction: StudyDirection) -> float:
    loss = best_loss(trial, direction)
    return math.inf if loss is None else loss
