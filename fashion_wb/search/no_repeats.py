"""A sampler that does not try a configuration twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from fashion_wb.search.protocol import Sampler
from fashion_wb.search.seeds import stable_seed
from fashion_wb.search.space import Flat, Space, plain_identity
from fashion_wb.trial import Trial

# How often a sampler is asked again. In a finite space, what was not tried can be drawn without it, and a
# model that repeats its favourite would be fitted each time.
_MOST_DRAWS, _MOST_DRAWS_IF_FINITE = 100, 5


class Redrawn(StrEnum):
    """How it ended when a suggestion repeated an earlier configuration."""

    SUGGESTED = "suggested"  # the sampler suggested a new one when it was asked again
    AT_RANDOM = "at random"  # it did not; one of those not tried yet was drawn at random
    REPEATED = "repeated"  # there was no new one


Report = Callable[[int, int, Redrawn], None]


class NoRepeats:
    """Asks a sampler again if it repeats a configuration, and ends the search when none is left.

    Every earlier configuration counts as tried: of trials that failed or still run too, and of earlier runs.
    A finite space is searched to its end. In an infinite one, a sampler that only repeats itself gets its
    way after 100 draws. A configuration that is given completely is tried even if it is a repeat.

    Attributes:
        needs_results: as for the sampler.

    Args:
        sampler: the sampler.
        space: its space; None if it is not known.
        earlier: the configurations of runs from before the sweep.
        given: what the first suggestions must contain; see `InitialSampler`.
        seed: any integer.
        report: is called with a trial's number, how many suggestions for it were turned down, and the end of
            it, before such a suggestion is returned.
    """

    def __init__(
        self,
        sampler: Sampler,
        space: Space | None,
        earlier: Sequence[Mapping[str, Any]],
        given: Sequence[Flat],
        seed: int,
        report: Report | None = None,
    ) -> None:
        self.needs_results = sampler.needs_results
        self._sampler = sampler
        self._space = space
        self._earlier = [self._identity(config) for config in earlier]
        self._given = given
        self._seed = seed
        self._report = report
        self._shown: list[Mapping[str, Any]] = []
        self._tried = set(self._earlier)

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Suggest the next configuration; None if all were tried. See `Sampler`."""
        given = self._given[len(trials)] if len(trials) < len(self._given) else {}
        size = None if self._space is None else self._space.size
        tried = self._read(trials)
        if not given and self._space is not None and self._space.is_used_up(tried):
            return None
        most = _MOST_DRAWS if size is None else _MOST_DRAWS_IF_FINITE
        config: dict[str, Any] | None = None
        for draw in range(attempt, attempt + most + 1):
            config = self._sampler.ask(trials, draw)
            if config is None:
                return None
            if self._identity(config) not in tried or self._is_complete(given):
                return self._reported(len(trials), draw, Redrawn.SUGGESTED, config)
        untried = None if size is None else self._draw_untried(tried, given, len(trials))
        if untried is not None:
            return self._reported(len(trials), most + 1, Redrawn.AT_RANDOM, untried)
        return self._reported(len(trials), most, Redrawn.REPEATED, config)

    def _draw_untried(self, tried: Collection[Hashable], given: Flat, number: int) -> dict[str, Any] | None:
        assert self._space is not None
        return self._space.draw_untried(tried, given, stable_seed(self._seed, "untried", number))

    def _is_complete(self, given: Flat) -> bool:
        if self._space is None or not given:
            return False
        return self._space.domains.keys() <= self._space.constants.keys() | given.keys()

    def _reported(
        self, number: int, draws: int, end: Redrawn, config: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        if draws > 0 and self._report is not None:
            self._report(number, draws, end)
        return config

    def _read(self, trials: Sequence[Trial]) -> Collection[Hashable]:
        """Return the identities of all that were tried."""
        # Those shown before come again: with 100,000 of them, to look at each takes longer than to suggest.
        before = len(self._shown)
        ends = () if before == 0 else (0, before - 1)
        if len(trials) < before or any(trials[k].config is not self._shown[k] for k in ends):
            self._tried, self._shown, before = set(self._earlier), [], 0
        for number in range(before, len(trials)):
            self._shown.append(trials[number].config)
            self._tried.add(self._identity(trials[number].config))
        return self._tried

    def _identity(self, config: Mapping[str, Any]) -> Hashable:
        return plain_identity(config) if self._space is None else self._space.identity(config)
