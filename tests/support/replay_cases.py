"""A small table of made-up trainings, for tests of the replay."""

from __future__ import annotations

import math

import numpy as np

from fashion_wb.replay.table import Table

CHANCE = math.log(10)


def make_table(noise: float = 0.02, dead: list[tuple[int, int, int]] | None = None) -> Table:
    """Make a table of 7 seeds, 5 filter counts, 5 learning rates and 4 epochs.

    Args:
        noise: standard deviation of each training's own level.
        dead: the positions (seed, filter count, lr) of trainings that stay at chance level.
    """
    filters, lr, seeds, epochs = (2, 3, 4, 5, 6), np.geomspace(1e-4, 3e-3, 5), tuple(range(40, 47)), 4
    chance = np.random.default_rng(0)
    shape = (len(seeds), len(filters), len(lr), epochs)
    level = 0.3 + 0.4 / np.array(filters)[:, None] + 0.05 * np.log(lr / 1e-3) ** 2
    falling = level[..., None] + 0.3 / np.arange(1, epochs + 1)
    valid = (
        falling + noise * chance.normal(size=shape[:3])[..., None] + noise / 10 * chance.normal(size=shape)
    )
    for position in dead or []:
        valid[position] = CHANCE
    curves = {"valid_loss": valid, "valid_accuracy": np.exp(-valid), "train_loss": valid * 0.9}
    return Table(filters, lr, seeds, curves, seconds=0.1 * np.array(filters))
