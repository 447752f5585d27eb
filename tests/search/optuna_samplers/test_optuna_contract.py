"""Optuna's own contract suite for samplers, over each of ours.

Left out: the suite for several objectives, which a sweep does not have; its counterpart, that a sampler
raises for several objectives, which ours leave to Optuna's study (it refuses to `report` and to prune there);
and, for quasi-random search and CMA-ES, the suite for relative sampling, whose spaces change while theirs is
fixed.
"""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.testing.pytest_samplers import BasicSamplerTestCase, RelativeSamplerTestCase

from fashion_wb.search.optuna_samplers.hyperopt_tpe import HyperoptTPESampler, TPEOptions
from fashion_wb.search.optuna_samplers.per_trial import PerTrialSampler
from fashion_wb.search.optuna_samplers.unit_samplers import CmaEsSampler, QuasiRandomSampler

# With one random start the suite reaches the model.
EARLY = TPEOptions(n_startup_jobs=1)
SPACE = {
    "real": FloatDistribution(1e-3, 1.0, log=True),
    "whole": IntDistribution(1, 9),
    "choice": CategoricalDistribution(["a", "b", "c"]),
}
UNIT_SAMPLERS = [QuasiRandomSampler, CmaEsSampler]


class TestHyperoptTPE(BasicSamplerTestCase, RelativeSamplerTestCase):
    """hyperopt's TPE."""

    @pytest.fixture
    def sampler(self):
        return lambda: HyperoptTPESampler(0, options=EARLY)


class TestPerTrial(BasicSamplerTestCase, RelativeSamplerTestCase):
    """Optuna's TPE, made anew for each trial."""

    @pytest.fixture
    def sampler(self):
        return lambda: PerTrialSampler(
            lambda seed: optuna.samplers.TPESampler(seed=seed, n_startup_trials=1), 0
        )


class TestUnitSamplers(BasicSamplerTestCase):
    """Quasi-random search and CMA-ES; what the suite samples is not in their space, and so independent."""

    @pytest.fixture(params=UNIT_SAMPLERS, ids=lambda sampler: sampler.__name__)
    def sampler(self, request):
        return lambda: request.param(0, SPACE)


@pytest.mark.parametrize("make", UNIT_SAMPLERS)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_values_of_the_fixed_space_are_within_it_and_of_its_types(make, direction):
    study = optuna.create_study(sampler=make(0, SPACE), direction=direction)
    for _ in range(30):
        trial = study.ask(SPACE)
        for name, distribution in SPACE.items():
            value = trial.params[name]
            assert distribution._contains(distribution.to_internal_repr(value))
            assert type(value) is {"real": float, "whole": int, "choice": str}[name]
        study.tell(trial, trial.params["real"])
