"""Records of reruns: retrained winners, and stopped trials that were trained to the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RetrainedWinner:
    """A search's winner, retrained with new seeds. Only retraining measures a test set, if anything does.

    Attributes:
        method: of the search.
        replicate: of the search, from 0.
        reported: best value of the objective that the search reported for the configuration.
        seeds: distinct seeds of the retrainings; empty if every retraining failed.
        retrained: best value of the objective of each retraining, one for each seed.
        measured: by name, a value of each retraining's summary, one for each seed.

    Raises:
        ValueError: the tuples differ in length, or a seed is given twice.
    """

    method: str
    replicate: int
    reported: float
    seeds: tuple[int, ...]
    retrained: tuple[float, ...]
    measured: Mapping[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        lengths = {len(self.seeds), len(self.retrained), *map(len, self.measured.values())}
        if len(lengths) > 1 or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                f"{self.method}, replicate {self.replicate}: needs distinct seeds, and one value of each "
                f"result for each seed, got {self.seeds}, {self.retrained}, {dict(self.measured)}"
            )


@dataclass(frozen=True)
class AuditedTrial:
    """A trial that its search stopped early, trained to the end afterwards.

    Attributes:
        method: of the search.
        replicate: of the search, from 0.
        run: the W&B run id of the stopped trial.
        final: best value of the objective over all steps when trained to the end.
        steps_saved: number of steps saved by stopping it, at least 0.

    Raises:
        ValueError: the number of steps is out of range.
    """

    method: str
    replicate: int
    run: str
    final: float
    steps_saved: int

    def __post_init__(self) -> None:
        if self.steps_saved < 0:
            raise ValueError(f"run {self.run}: steps_saved must be at least 0, got {self.steps_saved}")
