"""Adam, compiled for the CPU: calling torch.optim's takes longer than to step over so small a model.

More than that, the first optimiser that a process makes imports torch.compile, used or not: three seconds of
a fresh trial, and memory whose page tables every fork of a warm one copies.
"""

from __future__ import annotations

import numpy as np

from fashion_wb.convpool import Array, compiled

# torch.optim.Adam's defaults.
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Steps `values` (P,), in place, against `gradient` (P,); both float32 or float64.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1, as PyTorch has it.
    """

    def __init__(self, values: Array, gradient: Array, lr: float) -> None:
        self._arrays = values, gradient, np.zeros_like(values), np.zeros_like(values)
        self._lr = lr
        self._steps = 0

    def step(self) -> None:
        """One step with the gradient as it stands."""
        self._steps += 1
        size = self._lr / (1 - BETA1**self._steps)
        _step(*self._arrays, size, (1 - BETA2**self._steps) ** -0.5)


@compiled
def _step(values: Array, gradient: Array, mean: Array, square: Array, size: float, scale: float) -> None:
    kind = values.dtype.type
    beta1, beta2, epsilon = kind(BETA1), kind(BETA2), kind(EPSILON)
    fresh1, fresh2, size, scale = kind(1 - BETA1), kind(1 - BETA2), kind(size), kind(scale)
    for i in range(len(values)):
        mean[i] = beta1 * mean[i] + fresh1 * gradient[i]
        square[i] = beta2 * square[i] + fresh2 * gradient[i] * gradient[i]
        values[i] -= size * mean[i] / (np.sqrt(square[i]) * scale + epsilon)
