"""The table: every filter count and some learning rates, trained with several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from fashion_wb.errors import FashionWbError
from fashion_wb.files import replacing

Floats = npt.NDArray[np.float64]
# What a table holds of every epoch, by the names that train.py logs.
CURVES = ("valid_loss", "valid_accuracy", "train_loss")
# Chance is ln 10 = 2.3026.
DEAD_LOSS = 2.29
# The parameters of train.py that all trainings of a table share, and the only ones besides those it answers.
FIXED = {"units1": 128, "units2": 64, "batch_size": 64}
# The table that comes with the package: `make table` trains it, benchmarks/table.py collects it.
FASHION_MNIST = Path(__file__).with_name("fashion_mnist.npz")


@dataclass(frozen=True)
class Table:
    """Trainings for every combination of filter count, learning rate and seed.

    Attributes:
        filters: the filter counts, ascending, shape (F,).
        lr: the learning rates, ascending, shape (L,).
        seeds: the training seeds, shape (S,).
        curves: by name of CURVES, what each training logged, shape (S, F, L, E) for E epochs.
        seconds: seconds an epoch, by filter count, shape (F,).
    """

    filters: tuple[int, ...]
    lr: Floats
    seeds: tuple[int, ...]
    curves: dict[str, Floats]
    seconds: Floats

    @property
    def epochs(self) -> int:
        """How many epochs each training has."""
        return int(self.curves["valid_loss"].shape[-1])

    @cached_property
    def dead(self) -> npt.NDArray[np.bool_]:
        """Which trainings never leave chance level, shape (S, F, L)."""
        return np.asarray(self.curves["valid_loss"].min(axis=-1) > DEAD_LOSS)

    @cached_property
    def means(self) -> dict[str, Floats]:
        """By name, the mean curves of the living trainings, shape (F, L, E); of all where all are dead."""
        weights = np.where(self.dead.all(axis=0), 1.0, ~self.dead)[..., None]
        return {
            name: (curve * weights).sum(axis=0) / weights.sum(axis=0) for name, curve in self.curves.items()
        }

    def with_seeds(self, positions: Sequence[int] | npt.NDArray[np.int64]) -> Table:
        """Return the table of some of its seeds, by position; a position may occur several times."""
        chosen = np.asarray(positions)
        return replace(
            self,
            seeds=tuple(self.seeds[position] for position in chosen),
            curves={name: curve[chosen] for name, curve in self.curves.items()},
        )

    def with_lr(self, positions: Sequence[int]) -> Table:
        """Return the table of some of its learning rates, by position, ascending."""
        chosen = np.asarray(positions)
        curves = {name: curve[:, :, chosen] for name, curve in self.curves.items()}
        return replace(self, lr=self.lr[chosen], curves=curves)


def read_table(path: Path = FASHION_MNIST) -> Table:
    """Read a table that `write_table` wrote, by default that of Fashion-MNIST.

    Raises:
        FashionWbError: missing, or not such a file.
    """
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            return Table(
                filters=tuple(int(count) for count in file["filters"]),
                lr=file["lr"],
                seeds=tuple(int(seed) for seed in file["seeds"]),
                curves={name: file[name].astype(float) for name in CURVES},
                seconds=file["seconds"],
            )
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise FashionWbError(f"{path}: not a table of trainings ({error})") from None


def write_table(table: Table, path: Path) -> None:
    """Write a table, compressed; curves keep seven digits."""
    curves = {name: table.curves[name].astype(np.float32) for name in CURVES}
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file, filters=table.filters, lr=table.lr, seeds=table.seeds, seconds=table.seconds, **curves
        )
