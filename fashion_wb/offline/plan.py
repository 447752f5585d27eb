"""A planned sweep: its sweep file, folder, seed and budget; and how many trials it may have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.offline.spending.budget import Budget
from fashion_wb.offline.start.opening import NOTHING_MORE, StartOptions
from fashion_wb.sweepfile.sweep import Sweep


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep to run offline.

    Attributes:
        folder: its folder; a sweep that has started there continues.
        sweep: the checked sweep file.
        seed: seed of the search, at least 0.
        budget: what its trials may spend together; None if its `run_cap` is the only limit.
        priority: lower runs first; sweeps of the same priority run side by side.
        start: what it starts from besides its file.
    """

    folder: Path
    sweep: Sweep
    seed: int
    budget: Budget | None = None
    priority: int = 0
    start: StartOptions = NOTHING_MORE


def trial_cap(sweep: Sweep, count: int | None, budget: Budget | None = None) -> int | None:
    """Return the number of trials that a sweep may have: the smaller of `count` and its `run_cap`.

    None means that only a grid's end or its budget ends it.

    Raises:
        FashionWbError: the sweep would never stop.
    """
    caps = [cap for cap in (count, sweep.run_cap) if cap is not None]
    if not caps and budget is None and sweep.config["method"] != "grid":
        raise FashionWbError(
            sweep.located("has no run_cap, so it would never stop; add run_cap or give --count")
        )
    return min(caps) if caps else None
