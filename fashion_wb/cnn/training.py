"""The training loop: one record an epoch, and nothing slow in between. Knows no W&B and no search."""

from __future__ import annotations

import ctypes
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from fashion_wb.cnn import backend
from fashion_wb.cnn.backend import Compute, choose_compute
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import FashionMnist, Split, preload
from fashion_wb.cnn.model import FashionCnn, build_model
from fashion_wb.errors import FashionWbError

# Training's way in and out of compiled code is a few microseconds, a step a hundred and more.
STEPS_AT_ONCE = 32


class DivergedError(FashionWbError):
    """The loss stopped being a finite number."""


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch gave.

    Attributes:
        epoch: from 1.
        train_loss: mean cross-entropy over the epoch's batches, as they were trained on.
        valid_loss: mean cross-entropy over the validation split after the epoch.
        valid_accuracy: share of the validation split classified correctly, in [0, 1].
        seconds: training and evaluation together.
        samples_per_second: training images per second of training alone.
    """

    epoch: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float
    seconds: float
    samples_per_second: float


@dataclass(frozen=True)
class Tested:
    """What the weights of a run's best epoch give on images that decided nothing.

    Attributes:
        test_loss: mean cross-entropy.
        test_accuracy: share classified correctly, in [0, 1].
    """

    test_loss: float
    test_accuracy: float


class BestWeights:
    """Keeps the weights of the epoch of lowest validation loss, the first of equals, while `train` runs."""

    def __init__(self) -> None:
        self._loss = math.inf
        self._weights: dict[str, torch.Tensor] = {}

    def take(self, valid_loss: float, model: FashionCnn) -> None:
        """Take in an epoch that has just ended."""
        if valid_loss < self._loss:
            self._loss = valid_loss
            self._weights = {name: value.clone() for name, value in model.state_dict().items()}

    def test(self, config: TrainConfig, split: Split, device: torch.device) -> Tested:
        """Measure them on `split`; `config` is that of the run.

        Raises:
            FashionWbError: no epoch has ended.
        """
        if not self._weights:
            raise FashionWbError("no epoch has ended, so there is nothing to be tested")
        model = build_model(config, device)
        model.load_state_dict(self._weights)
        return Tested(*evaluate(model, split.to(device)))


def pick_device() -> torch.device:
    """CUDA where there is one, unless FASHION_WB_DEVICE names another device."""
    # PyTorch is to ask the driver's library: its other way to look would cost a fork server's children CUDA.
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    name = os.environ.get("FASHION_WB_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


def before_fork() -> None:
    """Load what every trial needs at first, so that processes forked from this one need not.

    Raises:
        FashionWbError: as `dataset.preload`.
    """
    preload()
    backend.warm_up(pick_device())


def use_one_thread() -> None:
    """Compute with one CPU thread, unless OMP_NUM_THREADS names another number.

    The number of threads decides the order in which floats are summed, and so the training curve: a trial
    must not train otherwise because it was started by another agent, or on a machine with more cores.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)


def keep_freed_memory() -> None:
    """Have glibc keep freed memory instead of handing it back and faulting it in again at every step.

    Each step frees and allocates the same few megabytes; with glibc's defaults that costs a page fault
    a page. Does nothing where the C library is another.
    """
    m_trim_threshold, m_mmap_max = -1, -4  # mallopt(3)
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(m_trim_threshold, 2**30)
        libc.mallopt(m_mmap_max, 0)
    except (OSError, AttributeError):
        pass


def train(
    config: TrainConfig,
    data: FashionMnist,
    device: torch.device,
    should_stop: Callable[[], bool] = lambda: False,
    best: BestWeights | None = None,
) -> Iterator[EpochRecord]:
    """Train for `config.epochs` epochs, yielding a record after each.

    Args:
        config: decides everything; the same config on the same machine gives the same records, but for
            their times.
        data: training and validation split.
        device: where to train.
        should_stop: asked every few steps; once it is true the epoch is dropped and training ends.
        best: takes in every epoch's weights, if they are wanted afterwards.

    Raises:
        DivergedError: a training or validation loss is not finite.
    """
    keep_freed_memory()
    model = build_model(config, device)
    train_split, valid_split = data.train.to(device), data.valid.to(device)
    learner = choose_compute(model, train_split, config.lr)
    order = torch.Generator().manual_seed(config.seed)
    for epoch in range(1, config.epochs + 1):
        started = time.perf_counter()
        shuffled = torch.randperm(len(train_split), generator=order).to(device)
        rows = train_split.rows[shuffled]
        train_loss = _train_epoch(learner, train_split, rows, config.batch_size, should_stop)
        if train_loss is None:
            return
        trained = time.perf_counter()
        valid_loss, accuracy = learner.evaluate(valid_split)
        _check_finite(config, epoch, train_loss, valid_loss)
        if best is not None:
            best.take(valid_loss, model)
        yield EpochRecord(
            epoch=epoch,
            train_loss=train_loss,
            valid_loss=valid_loss,
            valid_accuracy=accuracy,
            seconds=time.perf_counter() - started,
            samples_per_second=len(train_split) / (trained - started),
        )


def _train_epoch(
    learner: Compute, split: Split, rows: torch.Tensor, batch_size: int, should_stop: Callable[[], bool]
) -> float | None:
    total: torch.Tensor | float = 0.0
    for part in rows.split(batch_size * STEPS_AT_ONCE):
        if should_stop():
            return None
        total += learner.train(split, part, batch_size)
    return float(total) / len(split)


def evaluate(model: FashionCnn, split: Split) -> tuple[float, float]:
    """Mean cross-entropy and accuracy in [0, 1] over a split."""
    return choose_compute(model, split).evaluate(split)


def _check_finite(config: TrainConfig, epoch: int, train_loss: float, valid_loss: float) -> None:
    if not (math.isfinite(train_loss) and math.isfinite(valid_loss)):
        raise DivergedError(
            f"the loss is not finite after epoch {epoch} (training {train_loss}, validation {valid_loss}); "
            f"lr {config.lr:g} is likely too high"
        )
