"""What the analysis is told beyond the searches: winners retrained, and stopped trials trained to the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RetrainedWinner:
    """A search's chosen configuration, trained again on fresh seeds; the test split is touched only here.

    Attributes:
        method: of the search.
        replicate: of the search, from 0.
        reported_loss: lowest validation loss that the search reported for the configuration.
        reported_accuracy: validation accuracy in [0, 1] at that epoch.
        seeds: of the retrainings, distinct; may be empty where every retraining failed.
        valid_loss: of each retraining, at the epoch with the lowest one; one for each seed.
        test_accuracy: in [0, 1], of each retraining at that epoch; one for each seed.

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
                f"{self.method}, replicate {self.replicate}: needs one validation loss and one test accuracy "
                f"for each of distinct seeds, got {self.seeds}, {self.valid_loss}, {self.test_accuracy}"
            )


@dataclass(frozen=True)
class AuditedTrial:
    """A trial that was stopped early in its search, trained to the end all the same.

    Attributes:
        method: of the search.
        replicate: of the search, from 0.
        run: the W&B run id of the stopped trial.
        stopped_after: epochs it had trained when it was stopped, at least 1.
        loss_when_stopped: lowest validation loss until then.
        final_loss: lowest validation loss over all epochs, trained to the end.
        epochs_saved: epochs that stopping it spared, at least 0.

    Raises:
        ValueError: a count out of its range.
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
