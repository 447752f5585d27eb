"""Build the search that a sweep file asks for: a sampler and a pruner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fashion_wb.errors import FashionWbError
from fashion_wb.search.protocol import NoPruner, Pruner, Sampler

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


def _pruner(sweep: Sweep) -> Pruner:
    if "early_terminate" not in sweep.config:
        return NoPruner()
    from fashion_wb.search.hyperband import HyperbandPruner

    return HyperbandPruner(sweep.config, sweep.metric)
