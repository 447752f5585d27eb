"""W&B's custom schedulers (`wandb sweep-scheduler`) as sampler and pruner of an offline sweep."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.search.scheduler.engine import Engine, guarded
from fashion_wb.trial import Metric, Trial


class SchedulerSampler:
    """Searches with the very optimizer that `wandb sweep-scheduler` would build from the sweep file.

    Inside are two copies of it, each kept in step with the trials it is shown: one that suggests and
    one that prunes. The pruner sees results as they arrive and the sampler only those that it is shown,
    so one copy for both would let timing into the suggestions. A copy that has seen other trials than
    those it is now shown is built anew.

    A resumed search goes on as W&B's own does after a restart: from the results alone. Samplers and
    pruners that write notes into the study (CMA-ES, successive halving) find no notes from before the
    resumption. Optuna's Hyperband pruner hashes the study's name: give the study one.

    Attributes:
        needs_results: always true, because any engine may use them.

    Args:
        config: the sweep file's content.
        metric: the objective.
        sweep_id: W&B's id of the sweep, given to the functions named in `scheduler`.
        seed: seeds Optuna's default TPE where the file names no `optimizer` of its own.

    Raises:
        FashionWbError: no metric, nested parameters, or anything W&B or the file's own functions reject.
    """

    needs_results = True

    def __init__(self, config: Mapping[str, Any], metric: Metric | None, sweep_id: str, seed: int) -> None:
        if metric is None:
            raise FashionWbError("scheduler needs metric: {name: ..., goal: minimize}; got none")
        _check_parameters(config)
        self._arguments = (config, metric, sweep_id, seed)
        self._suggesting = self._make()
        self._pruning: Engine | None = None

    def _make(self) -> Engine:
        return _make_engine(*self._arguments)

    @property
    def prunes(self) -> bool:
        """Whether the engine has a pruner that can stop a trial."""
        return self._suggesting.prunes

    def ask(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """The next configuration, or None once the search space is used up or its terminator says so.

        Raises:
            FashionWbError: what the engine or the file's own functions raise.
        """
        if not self._suggesting.continues(trials):
            self._suggesting = self._make()
        return self._suggesting.suggest(trials)

    def stop(self, trials: Sequence[Trial]) -> set[int]:
        """Numbers of the running trials the engine's pruner wants stopped; none if it never prunes.

        Raises:
            FashionWbError: what the engine or the file's own functions raise.
        """
        if not self.prunes:
            return set()
        ordered = sorted(trials, key=lambda trial: trial.number)
        if self._pruning is None or not self._pruning.continues(ordered):
            self._pruning = self._make()
        return self._pruning.prune(ordered)


def _make_engine(config: Mapping[str, Any], metric: Metric, sweep_id: str, seed: int) -> Engine:
    """The engine a sweep's scheduler block names, built by W&B itself."""
    from fashion_wb.search.scheduler.optuna_engine import OptunaEngine
    from fashion_wb.wandb_private import SweepInfo, make_optimizer

    block = config["scheduler"]
    _check_source(block)
    sweep = SweepInfo(
        id=sweep_id,
        name=str(config.get("name", sweep_id)),
        entity=str(config.get("entity", "")),
        project=str(config.get("project", "")),
        # The study factories take the search's seed from here; W&B's server has no such thing.
        config={**copy.deepcopy(dict(config)), "seed": seed},
        controller_run_name=sweep_id,
    )
    with guarded():
        optimizer = make_optimizer(sweep)
        if hasattr(optimizer, "study"):
            return OptunaEngine(optimizer, metric, None if "optimizer" in block else seed)
        return Engine(optimizer, metric)


def _check_source(block: Mapping[str, Any]) -> None:
    source = block.get("source")
    if source is not None and not Path(source).is_file():
        raise FashionWbError(
            f"scheduler.source: no such file {source!r} in {Path.cwd()}; the path is relative to the "
            "directory the sweep is started in"
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
            with guarded():
                optuna_search_space({name: spec})
        except FashionWbError as error:
            # W&B's own message does not say which parameter it means.
            raise FashionWbError(f"parameters.{name}: {error}") from error
