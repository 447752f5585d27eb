"""A planned sweep: its sweep file, folder, seed and budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fashion_wb.offline.budget import EpochBudget
from fashion_wb.sweepfile.sweep import Sweep


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep to run offline.

    Attributes:
        folder: its folder; a sweep that has started there continues.
        sweep: the checked sweep file.
        seed: seed of the search, at least 0.
        budget: the epochs it may spend; None if its `run_cap` is the only limit.
        priority: lower runs first; sweeps of the same priority run side by side.
    """

    folder: Path
    sweep: Sweep
    seed: int
    budget: EpochBudget | None = None
    priority: int = 0
