"""W&B's own random, grid and bayes searches, with the library that its server uses (pip `sweeps`)."""

from __future__ import annotations

import importlib
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from fashion_wb.errors import FashionWbError
from fashion_wb.search.one_thread import one_thread
from fashion_wb.search.plain_values import plain
from fashion_wb.search.seeds import stable_seed
from fashion_wb.search.wandb_engine.categories import (
    Parameters,
    from_positions,
    parameter_kinds,
    parameters_as_positions,
    to_positions,
)
from fashion_wb.trial import Metric, Trial, TrialState

# The Gaussian process takes at most 100 points, 5 of them measured (sweeps.bayes_search). Given more, it
# prints a complaint to stdout and drops some.
MAX_PENDING = 95
METHODS = ("random", "grid", "bayes")
GRID_KINDS = ("param_single_value", "param_categorical", "param_int_uniform", "param_quniform")


class WandbSampler:
    """Suggests what W&B's server would suggest for method random, grid or bayes.

    For bayes, the result of a finished or stopped trial is the best value it logged. A failed trial, or one
    without a finite value, never gets an invented result: it is a pending point, for which the Gaussian
    process assumes its own prediction. If the file's metric block has `impute`, W&B's documented rule invents
    results for such trials instead. Grid counts every trial as visited.

    bayes gets positions in place of categories, because `sweeps` takes a category that is 0, False or empty
    for the first one of the list (HyperParameterSet.normalize_runs_as_array).

    Attributes:
        needs_results: true for bayes only.

    Args:
        config: the content of the sweep file; `method`, `parameters` and `metric` are read.
        metric: the objective; None if the file has none.
        seed: any integer.

    Raises:
        FashionWbError: a space that the method cannot search, or a setting that cannot work offline.
    """

    def __init__(self, config: Mapping[str, Any], metric: Metric | None, seed: int) -> None:
        self._method = config["method"]
        self._parameters: Parameters = config["parameters"]
        self._metric: Metric | None = None  # only bayes looks at results
        self._seed = seed
        self.needs_results = self._method == "bayes"
        self._config = {"method": self._method, "parameters": self._parameters}
        self._imputes = False
        self._ended: dict[int, tuple[Trial, Any]] = {}
        if self._method == "bayes":
            self._metric = metric
            self._prepare_bayes(config.get("metric", {}))
        elif self._method == "grid":
            _check_grid(self._parameters)

    def _prepare_bayes(self, block: Mapping[str, Any]) -> None:
        if self._metric is None:
            raise FashionWbError("method bayes needs metric: {name: ..., goal: minimize}; got none")
        if block.get("impute_while_running", "false") != "false":
            raise FashionWbError(
                "metric.impute_while_running: offline, a search never sees the results of running trials, so "
                "that it can be replayed; remove this key"
            )
        _check_bayes(self._parameters)
        self._imputes = "impute" in block
        self._config["metric"] = dict(block)
        self._config["parameters"] = parameters_as_positions(self._parameters)

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Suggest the next configuration; None if a grid is used up. See `Sampler`.

        Raises:
            FashionWbError: W&B's library rejects the space, or a trial's config is not in it.
        """
        from fashion_wb.sweepfile.sweeps_package import next_runs

        runs = self._runs(trials)
        threads = one_thread() if self._method == "bayes" else nullcontext()
        again = () if attempt == 0 else (attempt,)
        with threads, _quiet(), _seeded(stable_seed(self._seed, len(trials), *again)):
            try:
                (run,) = next_runs(self._config, runs)
            except ValueError as error:
                raise FashionWbError(f"method {self._method}: W&B's search rejects this: {error}") from error
        if run is None:
            return None
        found = plain({name: entry["value"] for name, entry in run.config.items()})
        return from_positions(self._parameters, found) if self._method == "bayes" else found

    def _runs(self, trials: Sequence[Trial]) -> list[Any]:
        if self._method == "random":
            return []
        runs = [self._run(trial) for trial in trials]
        if self._method == "grid":
            return runs
        pending = [run for run in runs if run.state == "running"]
        dropped = {id(run) for run in pending[:-MAX_PENDING]}
        return [run for run in runs if id(run) not in dropped]

    def _run(self, trial: Trial) -> Any:
        # An ended trial does not change. Building a thousand runs again took a third of a suggestion's time.
        known, run = self._ended.get(trial.number, (None, None))
        if known is not trial:
            run = self._make_run(trial)
            if trial.state.ended:
                self._ended[trial.number] = trial, run
        return run

    def _make_run(self, trial: Trial) -> Any:
        from fashion_wb.sweepfile.sweeps_package import RunState, SweepRun

        config = trial.config
        history: list[dict[str, float]] = []
        state = RunState.running
        if self._metric is not None:
            config = to_positions(self._parameters, config)
            state, history = self._result(trial, self._metric)
        wrapped = {name: {"value": value} for name, value in config.items()}
        return SweepRun(name=str(trial.number), config=wrapped, state=state, history=history)

    def _result(self, trial: Trial, metric: Metric) -> tuple[Any, list[dict[str, float]]]:
        from fashion_wb.sweepfile.sweeps_package import RunState

        values = metric.values(trial.history)
        if trial.state is TrialState.FAILED and self._imputes:
            return RunState.failed, [{metric.name: value} for value in values]
        measured = trial.state in (TrialState.FINISHED, TrialState.STOPPED)
        if measured and (values or self._imputes):
            best = metric.best(trial.history)
            return RunState.finished, [] if best is None else [{metric.name: best}]
        return RunState.running, []


def _check_grid(parameters: Parameters) -> None:
    for name, kind in parameter_kinds(parameters):
        if kind not in GRID_KINDS:
            raise FashionWbError(
                f"parameters.{name}: method grid needs value, values (without probabilities), int_uniform "
                f"or q_uniform, got {kind.removeprefix('param_')}; list its values or use method random"
            )


def _check_bayes(parameters: Parameters) -> None:
    kinds = dict(parameter_kinds(parameters))
    for name, kind in kinds.items():
        if kind == "param_categorical_w_probabilities":
            raise FashionWbError(
                f"parameters.{name}: method bayes cannot search values with probabilities; "
                "remove the probabilities or use method random"
            )
    if all(kind == "param_single_value" for kind in kinds.values()):
        raise FashionWbError(
            "parameters: method bayes needs a parameter to search, got constants only; use method random"
        )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed Python's and numpy's global generators, which the library uses, and restore both afterwards."""
    before, numpy_before = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)


@contextmanager
def _quiet() -> Iterator[None]:
    from sklearn.exceptions import ConvergenceWarning

    # Otherwise the first call of `next_runs` would import these three, and much of scipy with them. That
    # import draws from Python's global generator, so a process's first suggestion would not follow its seed.
    for method in METHODS:
        importlib.import_module(f"sweeps.{method}_search")
    with warnings.catch_warnings():
        # The length scale reaches a bound whenever points are few or flat, and a variance of zero may round
        # to a negative number, which has no square root. A user can do nothing about either.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Predicted variances smaller than 0", UserWarning)
        warnings.filterwarnings("ignore", "invalid value encountered in sqrt", RuntimeWarning)
        yield
