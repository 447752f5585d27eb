"""Adam, compiled for the CPU.

For a model this small, calling torch.optim takes longer than the step itself. Also, the first torch optimiser
of a process imports torch.compile, even if nothing uses it. That costs a fresh trial three seconds, and
every fork of a warm process copies the page tables of the memory it takes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fashion_wb.cnn.kernels.jit import Array, compiled

# torch.optim.Adam's defaults.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Adam(NamedTuple):
    """The parameters and Adam's state; each of shape (P,), all float32 or all float64.

    Attributes:
        values: the model's parameters.
        gradient: the gradient of the loss with respect to `values`.
        mean, square: running means of the gradient and of its square, zero before the first step.
    """

    values: Array
    gradient: Array
    mean: Array
    square: Array


def start(values: Array, gradient: Array) -> Adam:
    """Create the state before the first step."""
    return Adam(values, gradient, np.zeros_like(values), np.zeros_like(values))


@compiled
def step(adam: Adam, lr: float, number: int) -> None:
    """Take step `number`, counted from 1, with the current gradient; changes `adam` in place.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1, in PyTorch's form.
    """
    values, gradient, mean, square = adam
    dtype = values.dtype.type
    beta1, beta2, epsilon = dtype(BETA1), dtype(BETA2), dtype(EPSILON)
    weight1, weight2 = dtype(1 - BETA1), dtype(1 - BETA2)
    size, scale = dtype(lr / (1 - BETA1**number)), dtype((1 - BETA2**number) ** -0.5)
    for i in range(len(values)):
        mean[i] = beta1 * mean[i] + weight1 * gradient[i]
        square[i] = beta2 * square[i] + weight2 * gradient[i] * gradient[i]
        values[i] -= size * mean[i] / (np.sqrt(square[i]) * scale + epsilon)
