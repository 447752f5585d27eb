"""Loss, gradients and evaluation of a model: by PyTorch's operations, or compiled for the CPU.

Both compute the same, up to the order in which floats are summed, and keep the model's own parameters up to
date.
"""

from __future__ import annotations

import sys
from typing import Protocol

import torch
from torch import nn
from torch.nn import functional as F

from fashion_wb.config import TrainConfig
from fashion_wb.data import Split
from fashion_wb.model import FashionCnn, build_model

try:
    import numba

    from fashion_wb import fusedcnn

    # Not with NUMBA_DISABLE_JIT, by which numba's users turn it off; and pixels are read four at a time.
    _COMPILES = not numba.config.DISABLE_JIT and sys.byteorder == "little"
except ImportError:  # no numba for this platform, or none that goes with this numpy
    _COMPILES = False

EVAL_BATCH = 1000

# Above these PyTorch's own kernels were as fast (benchmarks/README.md).
_MOST_FILTERS = 32
_MOST_UNITS = 2**18  # of the second dense layer's weights


class Compute(Protocol):
    """Trains and evaluates one model.

    Attributes:
        parameters: what the optimiser is to step.
    """

    parameters: list[nn.Parameter]

    def gradients(self, split: Split, rows: torch.Tensor) -> torch.Tensor | float:
        """Summed cross-entropy over a batch; sets the gradients of its mean.

        Args:
            split: whose pool has the images, on the model's device.
            rows: int64, where in the pool the batch's images stand.
        """
        ...

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Mean cross-entropy and accuracy in [0, 1] over a split."""
        ...


class StockCompute:
    """PyTorch's own operations, on any device."""

    def __init__(self, model: FashionCnn) -> None:
        self.model = model
        self.parameters = list(model.parameters())

    def gradients(self, split: Split, rows: torch.Tensor) -> torch.Tensor:
        """See `Compute`."""
        self.model.train()
        loss = F.cross_entropy(self.model(as_input(split.pool[rows])), split.pool_labels[rows])
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        # Left on the device: reading the number here would make every step wait for it.
        return loss.detach() * len(rows)

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
    """The model compiled for the CPU, see fusedcnn; one parameter for the optimiser: all of them in a row.

    PyTorch's Adam takes 49 us for this model's twelve parameters and 22 us for one of that length.
    """

    def __init__(self, model: FashionCnn) -> None:
        own = list(model.parameters())
        whole = nn.Parameter(torch.cat([value.detach().reshape(-1) for value in own]))
        whole.grad = torch.zeros_like(whole)
        sizes = [value.numel() for value in own]
        pairs = zip(whole.detach().split(sizes), whole.grad.split(sizes), own, strict=True)
        views = [(part.view(value.shape), grad.view(value.shape)) for part, grad, value in pairs]
        for value, (part, _) in zip(own, views, strict=True):
            value.data = part
        self.parameters = [whole]
        self._gradient = whole.grad
        self._values = fusedcnn.Parameters(*(part.numpy() for part, _ in views))
        self._gradients = fusedcnn.Parameters(*(grad.numpy() for _, grad in views))

    def gradients(self, split: Split, rows: torch.Tensor) -> float:
        """See `Compute`."""
        self._gradient.zero_()
        return fusedcnn.loss_and_gradients(*_pool(split), rows.numpy(), self._values, self._gradients)

    def evaluate(self, split: Split) -> tuple[float, float]:
        """See `Compute`."""
        loss, correct = fusedcnn.evaluate(*_pool(split), split.rows.numpy(), self._values)
        return loss / len(split), correct / len(split)


def choose_compute(model: FashionCnn, split: Split) -> Compute:
    """The faster of the two, among those that can do it."""
    return FusedCompute(model) if _COMPILES and _is_for_fused(model, split) else StockCompute(model)


def warm_up() -> None:
    """Have the compiled code ready in this process, so that those forked from it need not load it.

    Takes a tenth of a second, or some ten seconds where it has to be compiled first.
    """
    image, zero = torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)
    split = Split(image, zero, zero)
    compute = choose_compute(build_model(TrainConfig(), split.pool.device), split)
    compute.gradients(split, split.rows)
    compute.evaluate(split)


def _is_for_fused(model: FashionCnn, split: Split) -> bool:
    pixels = split.pool
    small = model.conv1.out_channels <= _MOST_FILTERS and model.dense2.weight.numel() <= _MOST_UNITS
    usual = pixels.dtype == torch.uint8 and model.conv1.weight.dtype == torch.float32
    return small and usual and pixels.device.type == "cpu" and pixels.is_contiguous()


def _pool(split: Split) -> tuple[fusedcnn.Array, fusedcnn.Array]:
    return fusedcnn.as_words(split.pool.numpy()), split.pool_labels.numpy()


def as_input(images: torch.Tensor) -> torch.Tensor:
    """uint8 (N, 1, 28, 28) to float32 in [0, 1], channels_last.

    Done per batch: the images stay bytes in memory, shared by all trials of a machine.
    """
    return images.to(torch.float32, memory_format=torch.channels_last).div_(255)
