"""The interface of a search: a sampler proposes configurations, a pruner stops trials early."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from fashion_wb.early_stop import Stop
from fashion_wb.trial import Trial


class Sampler(Protocol):
    """Proposes configurations.

    Attributes:
        needs_results: whether suggestions depend on the results of earlier trials. If so, the caller must
            always show the same set of results for a given suggestion. Otherwise a sweep would not replay.
    """

    needs_results: bool

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Suggest the configuration of trial number `len(trials)`; None if the search space is used up.

        Args:
            trials: every earlier trial in order of number. A trial whose result must not be known yet is
                shown as running. The next call shows the same trials, with more results, and one more trial.
            attempt: how many suggestions for this trial were turned down. Each attempt has random numbers of
                its own.

        Returns:
            Every parameter of the sweep file, constants included, nested as in the file. The values are plain
            Python (bool, int, float, str, list, dict, None). For a given seed they depend on `trials` and
            `attempt` alone: a new sampler that is shown the same trials gives the same answer.
        """
        ...


class Pruner(Protocol):
    """Stops running trials early.

    Attributes:
        prunes: whether it can stop a trial at all.
    """

    @property
    def prunes(self) -> bool: ...

    def stop(
        self, trials: Sequence[Trial], changed: Collection[int] | None = None
    ) -> Mapping[int, Stop | None]:
        """Tell which running trials must stop.

        Args:
            trials: all trials, in any order.
            changed: the positions in `trials` of those that are new or have changed since the last call, if
                it was with the same list; None if that is not known.

        Returns:
            By the number of each such trial: what was compared, or None if the pruner does not tell.
        """
        ...


class NoPruner:
    """Never stops a trial."""

    prunes = False

    def stop(self, trials: Sequence[Trial], changed: Collection[int] | None = None) -> dict[int, Stop | None]:
        """Stop none."""
        return {}
