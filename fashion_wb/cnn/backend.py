"""Training and evaluation of a model: by PyTorch's operations, or compiled for the CPU.

Both compute the same, up to the order in which floats are summed, and keep the model's own parameters up to
date.
"""

from __future__ import annotations

import sys
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional as F

from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import Split
from fashion_wb.cnn.model import FashionCnn, build_model

try:
    import numba

    from fashion_wb.cnn.kernels import adam, network

    # Not with NUMBA_DISABLE_JIT, by which numba's users turn it off; and pixels are read four at a time.
    _COMPILES = not numba.config.DISABLE_JIT and sys.byteorder == "little"
except ImportError:  # no numba for this platform, or none that goes with this numpy
    _COMPILES = False

EVAL_BATCH = 1000

# Above these PyTorch's own kernels were as fast (benchmarks/README.md).
_MOST_FILTERS = 32
_MOST_UNITS = 2**18  # of the second dense layer's weights


class Compute(Protocol):
    """Trains and evaluates one model."""

    def train(self, split: Split, rows: torch.Tensor, batch_size: int) -> torch.Tensor | float:
        """Step over some images, a batch after the other; their summed cross-entropy, each before its step.

        Args:
            split: whose pool has the images, on the model's device.
            rows: int64, where in the pool the images stand.
            batch_size: of all batches but the last, which has what is left.
        """
        ...

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Mean cross-entropy and accuracy in [0, 1] over a split."""
        ...


class StockCompute:
    """PyTorch's own operations, on any device."""

    def __init__(self, model: FashionCnn, lr: float) -> None:
        self.model = model
        self._lr = lr
        self._optimiser: torch.optim.Optimizer | None = None

    def train(self, split: Split, rows: torch.Tensor, batch_size: int) -> torch.Tensor:
        """See `Compute`."""
        if self._optimiser is None:  # not before it is needed: it takes seconds, see adam
            self._optimiser = torch.optim.Adam(self.model.parameters(), lr=self._lr, fused=True)
        self.model.train()
        total = torch.zeros((), device=split.pool.device)
        for batch in rows.split(batch_size):
            loss = F.cross_entropy(self.model(as_input(split.pool[batch])), split.pool_labels[batch])
            self.model.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            # Left on the device: reading the number here would make every step wait for it.
            total += loss.detach() * len(batch)
        return total

    def evaluate(self, split: Split) -> tuple[float, float]:
        """See `Compute`."""
        self.model.eval()
        loss = torch.zeros((), device=split.pool.device)
        correct = torch.zeros((), dtype=torch.int64, device=split.pool.device)
        with torch.inference_mode():
            for rows in split.rows.split(EVAL_BATCH):
                logits, labels = self.model(as_input(split.pool[rows])), split.pool_labels[rows]
                loss += F.cross_entropy(logits, labels, reduction="sum")
                correct += (logits.argmax(1) == labels).sum()
        return float(loss) / len(split), int(correct) / len(split)


class FusedCompute:
    """The model compiled for the CPU, see fusedcnn. Its parameters become views of one tensor."""

    def __init__(self, model: FashionCnn, lr: float) -> None:
        own = list(model.parameters())
        values = torch.cat([value.detach().reshape(-1) for value in own])
        gradient = torch.zeros_like(values)
        sizes = [value.numel() for value in own]
        for value, part in zip(own, values.split(sizes), strict=True):
            value.data = part.view(value.shape)
        shaped = [part.view(value.shape) for value, part in zip(own, gradient.split(sizes), strict=True)]
        self._values = network.Parameters(*(value.detach().numpy() for value in own))
        self._gradients = network.Parameters(*(part.numpy() for part in shaped))
        self._adam = adam.start(values.numpy(), gradient.numpy())
        self._lr = lr
        self._steps = 0

    def train(self, split: Split, rows: torch.Tensor, batch_size: int) -> float:
        """See `Compute`."""
        what = *_pool(split), rows.numpy(), batch_size
        loss = network.train(*what, self._values, self._gradients, self._adam, self._lr, self._steps)
        self._steps += -(-len(rows) // batch_size)
        return loss

    def evaluate(self, split: Split) -> tuple[float, float]:
        """See `Compute`."""
        loss, correct = network.evaluate(*_pool(split), split.rows.numpy(), self._values)
        return loss / len(split), correct / len(split)


def choose_compute(model: FashionCnn, split: Split, lr: float = 0.0) -> Compute:
    """The faster of the two, among those that can do it; `lr` is Adam's, of no account in evaluation."""
    chosen = FusedCompute if _COMPILES and _is_for_fused(model, split) else StockCompute
    return chosen(model, lr)


def warm_up(device: torch.device) -> None:
    """Have what training on `device` loads at first ready, so that processes forked from this one need not.

    Takes a second, or some twenty where the model has to be compiled first. Does not touch the device.
    """
    if not _COMPILES or device.type != "cpu":
        # The first optimiser of a process imports torch.compile, whether it is used or not: seconds.
        torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        return
    image, zero = torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)
    split = Split(image, zero, zero)
    compute = choose_compute(build_model(TrainConfig(), device), split)
    compute.train(split, split.rows, batch_size=1)
    compute.evaluate(split)


def _is_for_fused(model: FashionCnn, split: Split) -> bool:
    pixels = split.pool
    small = model.conv1.out_channels <= _MOST_FILTERS and model.dense2.weight.numel() <= _MOST_UNITS
    usual = pixels.dtype == torch.uint8 and model.conv1.weight.dtype == torch.float32
    return small and usual and pixels.device.type == "cpu" and pixels.is_contiguous()


def _pool(split: Split) -> tuple[network.Array, network.Array]:
    return network.as_words(split.pool.numpy()), split.pool_labels.numpy()


def as_input(images: torch.Tensor) -> torch.Tensor:
    """uint8 (N, 1, 28, 28) to float32 in [0, 1], channels_last.

    Done per batch: the images stay bytes in memory, shared by all trials of a machine.
    """
    return images.to(torch.float32, memory_format=torch.channels_last).div_(255)
