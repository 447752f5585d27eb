"""Adam, compiled for the CPU: calling torch.optim's takes longer than to step over so small a model.

More than that, the first optimiser that a process makes imports torch.compile, used or not: three seconds of
a fresh trial, and memory whose page tables every fork of a warm one copies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fashion_wb.cnn.kernels.jit import Array, compiled

# torch.optim.Adam's defaults.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Adam(NamedTuple):
    """What is stepped over, and what Adam remembers; each (P,), all float32 or all float64.

    Attributes:
        values: the parameters.
        gradient: theirs.
        mean, square: running means of the gradient and of its square, zero before the first step.
    """

    values: Array
    gradient: Array
    mean: Array
    square: Array


def start(values: Array, gradient: Array) -> Adam:
    """Adam before its first step."""
    return Adam(values, gradient, np.zeros_like(values), np.zeros_like(values))


@compiled
def step(adam: Adam, lr: float, number: int) -> None:
    """Step number `number`, from 1, against the gradient as it stands; in place.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1, as PyTorch has it.
    """
    values, gradient, mean, square = adam
    kind = values.dtype.type
    beta1, beta2, epsilon = kind(BETA1), kind(BETA2), kind(EPSILON)
    fresh1, fresh2 = kind(1 - BETA1), kind(1 - BETA2)
    size, scale = kind(lr / (1 - BETA1**number)), kind((1 - BETA2**number) ** -0.5)
    for i in range(len(values)):
        mean[i] = beta1 * mean[i] + fresh1 * gradient[i]
        square[i] = beta2 * square[i] + fresh2 * gradient[i] * gradient[i]
        values[i] -= size * mean[i] / (np.sqrt(square[i]) * scale + epsilon)
