"""What is to be run: a sweep, where it is kept, its seed and its budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fashion_wb.offline.budget import EpochBudget
from fashion_wb.sweepfile.sweep import Sweep


@dataclass(frozen=True)
class PlannedSweep:
    """One sweep to be run offline.

    Attributes:
        folder: where it is kept; it goes on if it was begun there.
        sweep: what is searched.
        seed: of the search, at least 0.
        budget: the epochs it may spend; None where its `run_cap` is the only limit.
        turn: sweeps of an earlier turn go first where they can; those of one turn go side by side.
    """

    folder: Path
    sweep: Sweep
    seed: int
    budget: EpochBudget | None = None
    turn: int = 0
