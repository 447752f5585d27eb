"""Two backends that train and evaluate a model: PyTorch, or compiled kernels for the CPU.

Both compute the same, except for the order in which they sum floats. Both keep the parameters of the model
object up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import Split
from fashion_wb.cnn.model import FashionCnn, build_model

try:
    import numba

    from fashion_wb.cnn.kernels import adam, network
    from fashion_wb.cnn.kernels.compile_apart import compile_apart

    # NUMBA_DISABLE_JIT turns numba off. The kernels read four pixels as one little-endian word.
    _CAN_COMPILE = not numba.config.DISABLE_JIT and sys.byteorder == "little"  # type: ignore[attr-defined]
except ImportError:  # no numba for this platform, or none that works with this numpy
    _CAN_COMPILE = False

EVAL_BATCH = 1000

# For larger models PyTorch is as fast (benchmarks/README.md).
_MAX_FILTERS = 32
_MAX_DENSE2_WEIGHTS = 2**18


class Backend(Protocol):
    """Trains and evaluates one model."""

    def train(self, split: Split, rows: torch.Tensor, batch_size: int) -> torch.Tensor | float:
        """Take one optimiser step per batch, and return the summed cross-entropy.

        The loss of each batch is the one before its step.

        Args:
            split: its pool has the images, on the model's device.
            rows: int64, indices of the images in the pool.
            batch_size: images per batch; the last batch has the rest.
        """
        ...

    def evaluate(self, split: Split) -> tuple[float, float]:
        """Return mean cross-entropy and accuracy in [0, 1] over a split."""
        ...

    def state(self) -> dict[str, Any]:
        """Return the optimiser's state as tensors and numbers; training goes on in the same tensors."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Bring the optimiser to a state that a backend of the same kind returned; empty for a new one."""
        ...


class TorchBackend:
    """PyTorch, on any device."""

    def __init__(self, model: FashionCnn, lr: float) -> None:
        self.model = model
        self._lr = lr
        self._optimiser: torch.optim.Optimizer | None = None

    def train(self, split: Split, rows: torch.Tensor, batch_size: int) -> torch.Tensor:
        """See `Backend`."""
        optimiser = self._get_optimiser()
        self.model.train()
        total = torch.zeros((), device=split.pool.device)
        for batch in rows.split(batch_size):
            loss = F.cross_entropy(self.model(as_input(split.pool[batch])), split.pool_labels[batch])
            self.model.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            # Stays on the device: reading the number here would make every step wait for it.
            total += loss.detach() * len(batch)
        return total

    def evaluate(self, split: Split) -> tuple[float, float]:
        """See `Backend`."""
        self.model.eval()
        loss = torch.zeros((), device=split.pool.device)
        correct = torch.zeros((), dtype=torch.int64, device=split.pool.device)
        with torch.inference_mode():
            for rows in split.rows.split(EVAL_BATCH):
                logits, labels = self.model(as_input(split.pool[rows])), split.pool_labels[rows]
                loss += F.cross_entropy(logits, labels, reduction="sum")
                correct += (logits.argmax(1) == labels).sum()
        return float(loss) / len(split), int(correct) / len(split)

    def state(self) -> dict[str, Any]:
        """See `Backend`."""
        return {} if self._optimiser is None else {"torch": self._optimiser.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `Backend`."""
        if state:
            self._get_optimiser().load_state_dict(state["torch"])

    def _get_optimiser(self) -> torch.optim.Optimizer:
        if self._optimiser is None:  # only when needed: creating it takes seconds, see kernels.adam
            self._optimiser = torch.optim.Adam(self.model.parameters(), lr=self._lr, fused=True)
        return self._optimiser


class CompiledBackend:
    """The compiled kernels, on the CPU; the model's parameters become views of one tensor."""

    def __init__(self, model: FashionCnn, lr: float) -> None:
        compile_apart()
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
        """See `Backend`."""
        images, labels = _pool_arrays(split)
        loss = network.train(
            images,
            labels,
            rows.numpy(),
            batch_size,
            self._values,
            self._gradients,
            self._adam,
            self._lr,
            self._steps,
        )
        self._steps += -(-len(rows) // batch_size)
        return loss

    def evaluate(self, split: Split) -> tuple[float, float]:
        """See `Backend`."""
        images, labels = _pool_arrays(split)
        loss, correct = network.evaluate(images, labels, split.rows.numpy(), self._values)
        return loss / len(split), correct / len(split)

    def state(self) -> dict[str, Any]:
        """See `Backend`."""
        mean, square = (torch.from_numpy(part) for part in (self._adam.mean, self._adam.square))
        return {"steps": self._steps, "mean": mean, "square": square}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `Backend`."""
        if state:
            self._steps = int(state["steps"])
            self._adam.mean[:] = state["mean"].numpy()
            self._adam.square[:] = state["square"].numpy()


def choose_backend(model: FashionCnn, split: Split, lr: float = 0.0) -> Backend:
    """Create the faster backend that supports `model` and `split`.

    `lr` is Adam's learning rate; evaluation ignores it.
    """
    if _CAN_COMPILE and _suits_compiled_kernels(model, split):
        return CompiledBackend(model, lr)
    return TorchBackend(model, lr)


def warm_up(device: torch.device) -> None:
    """Load what training on `device` needs, so that processes forked from this one need not load it.

    Takes a second, or about twenty if the kernels have to be compiled. Does not use the device.
    """
    if not _CAN_COMPILE or device.type != "cpu":
        # The first optimiser of a process imports torch.compile, used or not, which takes seconds.
        torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
        return
    image, zero = torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64)
    split = Split(image, zero, zero)
    backend = choose_backend(build_model(TrainConfig(), device), split)
    backend.train(split, split.rows, batch_size=1)
    backend.evaluate(split)


def _suits_compiled_kernels(model: FashionCnn, split: Split) -> bool:
    pixels = split.pool
    small = model.conv1.out_channels <= _MAX_FILTERS and model.dense2.weight.numel() <= _MAX_DENSE2_WEIGHTS
    expected_types = pixels.dtype == torch.uint8 and model.conv1.weight.dtype == torch.float32
    return small and expected_types and pixels.device.type == "cpu" and pixels.is_contiguous()


def _pool_arrays(split: Split) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return network.as_words(split.pool.numpy()), split.pool_labels.numpy()


def as_input(images: torch.Tensor) -> torch.Tensor:
    """Convert uint8 (N, 1, 28, 28) to float32 in [0, 1], channels_last.

    Call this per batch: the images stay bytes in memory, which all trials on a machine share.
    """
    return images.to(torch.float32, memory_format=torch.channels_last).div_(255)
