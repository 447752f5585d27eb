"""A sampler that also knows the results of runs from before its sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fashion_wb.search.protocol import Sampler
from fashion_wb.trial import Trial


class WithEarlier:
    """Shows earlier runs to a sampler as its first trials; the sweep's own trials follow.

    Attributes:
        needs_results: as for the sampler.

    Args:
        sampler: the sampler.
        earlier: earlier runs with their results, whose configurations are in the sampler's space.
    """

    def __init__(self, sampler: Sampler, earlier: Sequence[Trial]) -> None:
        self.needs_results = sampler.needs_results
        self._sampler = sampler
        self._earlier = [replace(trial, number=number) for number, trial in enumerate(earlier)]
        self._moved: dict[int, tuple[Trial, Trial]] = {}

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Suggest the next configuration; see `Sampler`."""
        return self._sampler.ask([*self._earlier, *map(self._move, trials)], attempt)

    def _move(self, trial: Trial) -> Trial:
        # The same object for the same trial: samplers keep what they have computed for it.
        known, moved = self._moved.get(trial.number, (None, trial))
        if known is not trial:
            moved = replace(trial, number=trial.number + len(self._earlier))
            self._moved[trial.number] = trial, moved
        return moved
