"""Records of reruns: retrained winners, and stopped trials that were trained to the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetrainedWinner:
    """A search's winner, retrained with new seeds. Only retraining uses the test split.

    Attributes:
        method: of the search.
        replicate: of the search, from 0.
        reported_loss: lowest validation loss that the search reported for the configuration.
        reported_accuracy: validation accuracy in [0, 1] at that epoch.
        seeds: distinct seeds of the retrainings; empty if every retraining failed.
        valid_loss: lowest validation loss of each retraining, one for each seed.
        test_accuracy: test accuracy in [0, 1] at the epoch of that loss, one for each seed.

    Raises:
        ValueError: the tuples differ in length, or a seed is given twice.
    """

    method: str
    replicate: int
    reported_loss: float
    reported_accuracy: float
    seeds: tuple[int, ...]
    valid_loss: tuple[float, ...]
    test_accuracy: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = {len(self.seeds), len(self.valid_loss), len(self.test_accuracy)}
        if len(lengths) > 1 or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(
                f"{self.method}, replicate {self.replicate}: needs distinct seeds, and one validation loss "
                f"and one test accuracy for each, got {self.seeds}, {self.valid_loss}, {self.test_accuracy}"
            )


@dataclass(frozen=True)
class AuditedTrial:
    """A trial that its search stopped early, trained to the end afterwards.

    Attributes:
        method: of the search.
        replicate: of the search, from 0.
        run: the W&B run id of the stopped trial.
        stopped_after: number of epochs trained when it was stopped, at least 1.
        loss_when_stopped: lowest validation loss until then.
        final_loss: lowest validation loss over all epochs when trained to the end.
        epochs_saved: number of epochs saved by stopping it, at least 0.

    Raises:
        ValueError: a number of epochs is out of range.
    """

    method: str
    replicate: int
    run: str
    stopped_after: int
    loss_when_stopped: float
    final_loss: float
    epochs_saved: int

    def __post_init__(self) -> None:
        if self.stopped_after < 1 or self.epochs_saved < 0:
            raise ValueError(
                f"run {self.run}: stopped_after must be at least 1 and epochs_saved at least 0, "
                f"got {self.stopped_after} and {self.epochs_saved}"
            )
