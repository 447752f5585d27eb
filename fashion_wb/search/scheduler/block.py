"""W&B's custom schedulers (`wandb sweep-scheduler`) as the sampler and pruner of an offline sweep."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import fashion_wb
from fashion_wb.early_stop import Stop
from fashion_wb.errors import FashionWbError
from fashion_wb.search.scheduler.engine import Engine, convert_errors
from fashion_wb.search.seeds import stable_seed
from fashion_wb.trial import Metric, Trial


class SchedulerSampler:
    """Searches with the same optimizer that `wandb sweep-scheduler` would build from the sweep file.

    It keeps two copies of the optimizer, each up to date with the trials it has been shown: one suggests, the
    other prunes. The pruner sees results as they arrive, the sampler only those that it is shown. With one
    copy for both, the suggestions would depend on timing. A copy is built again if the trials it is shown do
    not continue those it has seen.

    A resumed search continues as W&B's own does after a restart: from the results alone. Samplers and pruners
    that store notes on the study (Optuna's CMA-ES, successive halving) do not find the notes from before.
    Optuna's Hyperband pruner hashes the study's name, so give the study one.

    Attributes:
        needs_results: true, because any engine may use results, unless Optuna's sampler is known not to.

    Args:
        config: the content of the sweep file.
        metric: the objective.
        sweep_id: W&B's id of the sweep; the functions named in `scheduler` get it.
        seed: seeds Optuna's default TPE if the file names no `optimizer`. Those functions get it too.

    Raises:
        FashionWbError: no metric, nested parameters, or anything that W&B or the file's functions reject.
    """

    def __init__(self, config: Mapping[str, Any], metric: Metric | None, sweep_id: str, seed: int) -> None:
        if metric is None:
            raise FashionWbError("scheduler needs metric: {name: ..., goal: minimize}; got none")
        _check_parameters(config)
        self._arguments = (config, metric, sweep_id, seed)
        self._suggesting = self._make()
        self.needs_results = self._suggesting.learns
        self._pruning: Engine | None = None

    def _make(self, attempt: int = 0) -> Engine:
        config, metric, sweep_id, seed = self._arguments
        seed = seed if attempt == 0 else stable_seed(seed, "again", attempt)
        return _make_engine(config, metric, sweep_id, seed)

    @property
    def prunes(self) -> bool:
        """Whether the engine has a pruner that can stop a trial."""
        return self._suggesting.prunes

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Suggest the next configuration; None if the search space is used up or the terminator says stop.

        A sampler that draws each trial by its number is made again with another seed for another attempt, so
        that a resumed search finds the same. Any other one is asked again.

        Raises:
            FashionWbError: the engine or one of the file's functions raised an error.
        """
        if not self._suggesting.can_continue_with(trials):
            self._suggesting = self._make()
        if attempt == 0:
            return self._suggesting.suggest(trials)
        if self._suggesting.draws_by_number:
            return self._make(attempt).suggest(trials)
        return self._suggesting.suggest_again(trials)

    def stop(self, trials: Sequence[Trial], changed: Collection[int] | None = None) -> dict[int, Stop | None]:
        """Tell which running trials the engine's pruner wants to stop; why, if that is W&B's hyperband.

        Raises:
            FashionWbError: the engine or one of the file's functions raised an error.
        """
        if not self.prunes:
            return {}
        ordered = sorted(trials, key=lambda trial: trial.number)
        if self._pruning is None or not self._pruning.can_continue_with(ordered):
            self._pruning = self._make()
        return self._pruning.prune(ordered)


def _make_engine(config: Mapping[str, Any], metric: Metric, sweep_id: str, seed: int) -> Engine:
    """Let W&B build the engine that a sweep's scheduler block names."""
    from fashion_wb.search.scheduler.optuna_engine import OptunaEngine
    from fashion_wb.wandb_private import SweepInfo, make_optimizer

    block = _with_source(config["scheduler"])
    sweep = SweepInfo(
        id=sweep_id,
        name=str(config.get("name", sweep_id)),
        entity=str(config.get("entity", "")),
        project=str(config.get("project", "")),
        # `studies.study_seed` reads the seed here; on W&B's server there is none.
        config={**copy.deepcopy(dict(config)), "scheduler": block, "seed": seed},
        controller_run_name=sweep_id,
    )
    with convert_errors(), _no_bytecode():
        optimizer = make_optimizer(sweep)
        if hasattr(optimizer, "study"):
            return OptunaEngine(optimizer, metric, None if "optimizer" in block else seed)
        return Engine(optimizer, metric)


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    """Let an import write no `__pycache__`: looking at a sweep file must leave its folder as it is."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _with_source(block: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a scheduler block; a source that this package brings is found in the package."""
    source = block.get("source")
    if source is None or Path(source).is_file():
        return dict(block)
    own = Path(fashion_wb.__file__).parents[1] / source
    if Path(source).parts[:1] == ("fashion_wb",) and own.is_file():
        return {**block, "source": str(own)}
    raise FashionWbError(
        f"scheduler.source: no such file {source!r} in {Path.cwd()}; the path is relative to the "
        "folder that you start the sweep in"
    )


def _check_parameters(config: Mapping[str, Any]) -> None:
    from fashion_wb.wandb_private import optuna_search_space

    block = config["scheduler"]
    for name, spec in config.get("parameters", {}).items():
        if isinstance(spec.get("parameters"), dict):
            raise FashionWbError(
                f"parameters.{name}: W&B's {block.get('engine')} engine has no nested parameters; "
                f"move those of {name} to the top level"
            )
        if block.get("engine") != "optuna" or "search_space" in block:
            continue
        try:
            with convert_errors():
                optuna_search_space({name: spec})
        except FashionWbError as error:
            # W&B's own message does not say which parameter it means.
            raise FashionWbError(f"parameters.{name}: {error}") from error
