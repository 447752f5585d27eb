"""The answer of the table to any configuration of its space: what a training would have logged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from fashion_wb.errors import FashionWbError
from fashion_wb.replay.table import CURVES, FIXED, Floats, Table
from fashion_wb.search.seeds import stable_seed

_ANSWERED = ("filters", "lr", "epochs", "seed")


class ReplayedTraining:
    """Trainings of one replicate, answered from a table.

    Between two learning rates the mean curve is interpolated in log(lr). To it is added the deviation of one
    of the table's trainings from its own mean, at the nearer learning rate; a training that is dead is used
    as it is. Which one it is, is drawn once for each filter count and nearer learning rate: the same
    configuration always gives the same curve (docs/protocol.md).
    """

    def __init__(self, table: Table, seed: int) -> None:
        """Args: `seed` chooses among the table's trainings; replicates of a study differ in it."""
        self._table = table
        self._seed = seed
        self._log_lr = np.log(table.lr)

    def rows(self, config: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows that train.py would have logged, with W&B's `_step` and `_runtime` (seconds).

        Args:
            config: `filters` and `lr`; and `epochs`, by default all of the table. `units1`, `units2` and
                `batch_size` may have the table's values only. `seed` does not matter here.

        Raises:
            FashionWbError: a value is outside the table, or a parameter is not among these.
        """
        _check_others(config)
        epochs = self._epochs(config)
        f, low, weight = self._place(config)
        drawn = self._draw(f, low + round(weight))
        curves = {name: self._curves(name, f, low, weight)[drawn].tolist() for name in CURVES}
        seconds = float(self._table.seconds[f])
        return [
            {
                "epoch": k + 1,
                **{name: curve[k] for name, curve in curves.items()},
                "seconds": seconds,
                "_step": k,
                "_runtime": seconds * (k + 1),
            }
            for k in range(epochs)
        ]

    def loss(self, filters: int, lr: float) -> float:
        """Return the lowest validation loss of a training: an objective for a search of your own.

        Raises:
            FashionWbError: a value is outside the table.
        """
        f, low, weight = self._place({"filters": filters, "lr": lr})
        return float(self._curves("valid_loss", f, low, weight)[self._draw(f, low + round(weight))].min())

    def true_loss(self, filters: int, lr: float) -> float:
        """Return the mean of the lowest validation loss over all seeds of the table, dead trainings included.

        Raises:
            FashionWbError: a value is outside the table.
        """
        return float(self.all_losses(filters, lr)["valid_loss"].mean())

    def all_losses(self, filters: int, lr: float) -> dict[str, Floats]:
        """Return the results of a configuration with every seed of the table, each of shape (S,).

        Returns:
            By name of CURVES, the value at the epoch with the lowest validation loss.

        Raises:
            FashionWbError: a value is outside the table.
        """
        f, low, weight = self._place({"filters": filters, "lr": lr})
        losses = self._curves("valid_loss", f, low, weight)
        best = losses.argmin(axis=-1)[:, None]
        found = {name: self._curves(name, f, low, weight) for name in CURVES}
        return {name: np.take_along_axis(curves, best, axis=-1)[:, 0] for name, curves in found.items()}

    def _place(self, config: Mapping[str, Any]) -> tuple[int, int, float]:
        """Return the positions of the filter count and of the lr below; and the way to the lr above."""
        for name in ("filters", "lr"):
            if name not in config:
                raise FashionWbError(f"{name}: missing; the table answers configurations of filters and lr")
        table, count, lr = self._table, config["filters"], float(config["lr"])
        if count not in table.filters:
            raise FashionWbError(
                f"filters: the table has {table.filters[0]} to {table.filters[-1]}; got {count}"
            )
        # Bounds that were computed differ from the table's in the last digit.
        if not table.lr[0] * (1 - 1e-9) <= lr <= table.lr[-1] * (1 + 1e-9):
            raise FashionWbError(f"lr: the table has {table.lr[0]:g} to {table.lr[-1]:g}; got {lr:g}")
        position = float(np.interp(math.log(lr), self._log_lr, self._positions))
        low = min(int(position), len(table.lr) - 2)
        return table.filters.index(count), low, position - low

    def _epochs(self, config: Mapping[str, Any]) -> int:
        epochs = int(config.get("epochs", self._table.epochs))
        if not 1 <= epochs <= self._table.epochs:
            raise FashionWbError(f"epochs: the table has 1 to {self._table.epochs}; got {epochs}")
        return epochs

    def _draw(self, f: int, nearer: int) -> int:
        return stable_seed(self._seed, "replay", self._table.filters[f], nearer) % len(self._table.seeds)

    def _curves(self, name: str, f: int, low: int, weight: float) -> Floats:
        """Return the curves of a configuration with every seed of the table, shape (S, E)."""
        means, nearer = self._table.means[name][f], low + round(weight)
        trained = self._table.curves[name][:, f, nearer]
        between = (1 - weight) * means[low] + weight * means[low + 1]
        curves = np.where(self._table.dead[:, f, nearer, None], trained, trained + (between - means[nearer]))
        return np.clip(curves, 0.0, 1.0 if name == "valid_accuracy" else None)

    @cached_property
    def _positions(self) -> Floats:
        return np.arange(len(self._table.lr), dtype=float)


def _check_others(config: Mapping[str, Any]) -> None:
    for name, value in config.items():
        if name in FIXED and value != FIXED[name]:
            raise FashionWbError(f"{name}: the table's trainings have {FIXED[name]}; got {value}")
        if name not in FIXED and name not in _ANSWERED:
            answered = ", ".join(_ANSWERED)
            raise FashionWbError(f"{name}: the table knows no such parameter; it answers {answered}")
