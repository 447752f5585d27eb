"""A sampler whose first configurations are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fashion_wb.search.protocol import Sampler
from fashion_wb.search.space import Flat, Space
from fashion_wb.trial import Trial


class InitialSampler:
    """Suggests given configurations first, and then what another sampler suggests.

    Parameters that a given configuration leaves out get the values that the other sampler suggests.

    Attributes:
        needs_results: as for the other sampler.

    Args:
        sampler: the other sampler.
        space: its space.
        given: flat configurations, complete or not, with values of the space.
    """

    def __init__(self, sampler: Sampler, space: Space, given: Sequence[Flat]) -> None:
        self.needs_results = sampler.needs_results
        self._sampler = sampler
        self._space = space
        self._given = [{**space.constants, **flat} for flat in given]

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Suggest the next configuration; see `Sampler`."""
        if len(trials) >= len(self._given):
            return self._sampler.ask(trials, attempt)
        flat = self._given[len(trials)]
        if flat.keys() >= self._space.domains.keys():
            return self._space.nest(flat)
        suggested = self._sampler.ask(trials, attempt)
        return None if suggested is None else self._space.nest({**self._space.flatten(suggested), **flat})
