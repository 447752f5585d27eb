"""Build the search that a sweep file asks for: a sampler and a pruner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fashion_wb.errors import FashionWbError
from fashion_wb.search.earlier import WithEarlier
from fashion_wb.search.initial import InitialSampler
from fashion_wb.search.no_repeats import NoRepeats, Report
from fashion_wb.search.protocol import NoPruner, Pruner, Sampler
from fashion_wb.search.space import make_space
from fashion_wb.sweep_folder.start import Start

if TYPE_CHECKING:
    from fashion_wb.sweepfile.sweep import Sweep


def make_search(sweep: Sweep, sweep_id: str, seed: int) -> tuple[Sampler, Pruner]:
    """Build the sampler and the pruner that a sweep file asks for.

    A `scheduler` block that names W&B's own engine gives the same search as no block. Any other engine is
    both sampler and pruner.

    Args:
        sweep: a checked sweep.
        sweep_id: W&B's id of the sweep. The functions named in a `scheduler` block get it.
        seed: seed of the search; any integer.

    Raises:
        FashionWbError: an unknown method or engine, or one that rejects this sweep.
    """
    config = sweep.config
    if config.get("scheduler", {"engine": "wandb"}).get("engine") != "wandb":
        from fashion_wb.search.scheduler.block import SchedulerSampler

        search = SchedulerSampler(config, sweep.metric, sweep_id, seed)
        return search, search
    from fashion_wb.search.wandb_engine.sampler import METHODS, WandbSampler

    if config["method"] not in METHODS:
        raise FashionWbError(
            f"method: must be one of {', '.join(METHODS)}, or custom with a scheduler block; "
            f"got {config['method']!r}"
        )
    return WandbSampler(config, sweep.metric, seed), _pruner(sweep)


def start_search(
    sweep: Sweep, sweep_id: str, seed: int, start: Start, report: Report | None = None
) -> tuple[Sampler, Pruner]:
    """Build the search that a sweep file asks for, with what it starts from.

    Args:
        sweep, sweep_id, seed: as for `make_search`.
        start: what the search starts from; its configurations are in the space.
        report: is told of suggestions that repeat a configuration; see `NoRepeats`.

    Raises:
        FashionWbError: as `make_search`; or a function of the scheduler block defines the space, which
            initial configurations and earlier runs must be checked against.
    """
    sampler, pruner = make_search(sweep, sweep_id, seed)
    space = make_space(sweep.config)
    if start.earlier and (sampler.needs_results or sweep.config["method"] == "grid"):
        sampler = WithEarlier(sampler, start.earlier)
    if start.initial:
        assert space is not None
        sampler = InitialSampler(sampler, space, start.initial)
    if not start.allow_repeats:
        known = [trial.config for trial in start.earlier]
        sampler = NoRepeats(sampler, space, known, start.initial, seed, report)
    return sampler, pruner


def _pruner(sweep: Sweep) -> Pruner:
    if "early_terminate" not in sweep.config:
        return NoPruner()
    from fashion_wb.search.hyperband import HyperbandPruner

    return HyperbandPruner(sweep.config, sweep.metric)
