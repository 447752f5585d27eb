"""What a search is to the rest of the project: something that proposes, and something that stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from fashion_wb.trial import Trial


class Sampler(Protocol):
    """Proposes configurations.

    Attributes:
        needs_results: whether suggestions depend on earlier trials' results. Where they do, the caller
            shows a fixed set of results for each suggestion, so that a sweep replays exactly.
    """

    needs_results: bool

    def ask(self, trials: Sequence[Trial]) -> dict[str, Any] | None:
        """The configuration of trial number `len(trials)`, or None if the space is used up.

        Args:
            trials: every earlier trial in order of number. One whose result is not to be known yet
                is shown as running. A later call shows the same trials, further on, and one more.

        Returns:
            Plain Python values (bool, int, float, str, list, dict, None), nested as in the sweep file,
            every parameter of the file present, constants included. For one seed it depends on
            `trials` alone: a new sampler shown the same trials gives the same answer.
        """
        ...


class Pruner(Protocol):
    """Stops running trials early.

    Attributes:
        prunes: false where it can never stop a trial.
    """

    prunes: bool

    def stop(self, trials: Sequence[Trial]) -> set[int]:
        """Numbers of the running trials, among `trials` (any order), to be stopped now."""
        ...


class NoPruner:
    """Never stops a trial."""

    prunes = False

    def stop(self, trials: Sequence[Trial]) -> set[int]:
        """Nothing."""
        return set()
