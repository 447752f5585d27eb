"""The training loop: one record per epoch. It knows nothing about W&B or searches."""

from __future__ import annotations

import ctypes
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from fashion_wb.cnn.backend import Backend, choose_backend, warm_up
from fashion_wb.cnn.checkpoint import Progress
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import FashionMnist, Split, preload
from fashion_wb.cnn.model import FashionCnn, build_model
from fashion_wb.errors import FashionWbError

# Steps between two checks for a stop request. A call into compiled code costs a few microseconds, a step at
# least a hundred.
STEPS_AT_ONCE = 32


class DivergedError(FashionWbError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class EpochRecord:
    """Results of one epoch.

    Attributes:
        epoch: counted from 1.
        train_loss: mean cross-entropy over the epoch's batches, each before its step.
        valid_loss: mean cross-entropy over the validation split after the epoch.
        valid_accuracy: share of the validation split classified correctly, in [0, 1].
        seconds: time of training and evaluation together.
        samples_per_second: training images per second, evaluation excluded.
    """

    epoch: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float
    seconds: float
    samples_per_second: float


@dataclass(frozen=True)
class TestResult:
    """How the weights of a run's best epoch do on images that influenced no choice.

    Attributes:
        test_loss: mean cross-entropy.
        test_accuracy: share classified correctly, in [0, 1].
    """

    test_loss: float
    test_accuracy: float


class BestWeights:
    """Keeps the weights of the epoch with the lowest validation loss (the first, if several tie)."""

    def __init__(self) -> None:
        self._loss = math.inf
        self._weights: dict[str, torch.Tensor] = {}

    def update(self, valid_loss: float, model: FashionCnn) -> None:
        """Keep the model's weights if the finished epoch is the best so far."""
        if valid_loss < self._loss:
            self._loss = valid_loss
            self._weights = {name: value.clone() for name, value in model.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Return what is kept, for `restore` in another process."""
        return {"loss": self._loss, "weights": self._weights}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Keep what `state` returned."""
        self._loss, self._weights = float(state["loss"]), dict(state["weights"])

    def test(self, config: TrainConfig, split: Split, device: torch.device) -> TestResult:
        """Evaluate the kept weights on `split`; `config` is the run's config.

        Raises:
            FashionWbError: no epoch has finished.
        """
        if not self._weights:
            raise FashionWbError("no epoch has finished, so there are no weights to test")
        model = build_model(config, device)
        model.load_state_dict(self._weights)
        return TestResult(*evaluate(model, split.to(device)))


def pick_device() -> torch.device:
    """Choose the device: FASHION_WB_DEVICE if set, else CUDA if available, else the CPU.

    Raises:
        FashionWbError: FASHION_WB_DEVICE names no device of this machine.
    """
    # Makes PyTorch ask NVML. Its default check initialises CUDA, and then forked children cannot use CUDA.
    os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    has_cuda = torch.cuda.is_available()
    name = os.environ.get("FASHION_WB_DEVICE") or ("cuda" if has_cuda else "cpu")
    device = _usable_device(name, has_cuda)
    if device is None:
        raise FashionWbError(
            "FASHION_WB_DEVICE must be a device that PyTorch can use on this machine, such as cpu or cuda:0, "
            f"got {name[:40]!r}"
        )
    return device


def _usable_device(name: str, has_cuda: bool) -> torch.device | None:
    try:
        device = torch.device(name)
        if device.type == "cuda":  # not tried: forked children cannot use CUDA afterwards
            return device if has_cuda and (device.index or 0) < torch.cuda.device_count() else None
        return device if torch.zeros(1, device=device).item() == 0 else None
    except (RuntimeError, AssertionError):
        return None


def before_fork() -> None:
    """Load what every trial needs, so that processes forked from this one need not load it.

    Raises:
        FashionWbError: as `dataset.preload`.
    """
    preload()
    warm_up(pick_device())


def use_one_thread() -> None:
    """Use one CPU thread, unless OMP_NUM_THREADS is set.

    The number of threads changes the order in which floats are summed, and so the training curve. A trial's
    curve must not depend on which agent started it or on the machine's number of cores.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)


def keep_freed_memory() -> None:
    """Make glibc keep freed memory instead of returning it to the system.

    Each step frees and allocates the same few megabytes. With glibc's defaults that costs one page fault per
    page. Does nothing with another C library.
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
    progress: Progress | None = None,
) -> Iterator[EpochRecord]:
    """Train for `config.epochs` epochs, and yield a record after each.

    Args:
        config: the same config gives the same records on the same machine, except for their times.
        data: training and validation split.
        device: where to train.
        should_stop: called every few steps; when it returns true, training stops without a record of the
            unfinished epoch.
        best: updated after every epoch, if given.
        progress: where to go on from; it says after every epoch how far training is.

    Raises:
        DivergedError: a training or validation loss is not finite.
    """
    keep_freed_memory()
    model = build_model(config, device)
    train_split, valid_split = data.train.to(device), data.valid.to(device)
    backend = choose_backend(model, train_split, config.lr)
    order = torch.Generator().manual_seed(config.seed)
    progress = progress or Progress()
    progress.attach(model, backend, order)
    for epoch in range(progress.epoch + 1, config.epochs + 1):
        started = time.perf_counter()
        shuffled = torch.randperm(len(train_split), generator=order).to(device)
        rows = train_split.rows[shuffled]
        train_loss = _train_epoch(backend, train_split, rows, config.batch_size, should_stop)
        if train_loss is None:
            return
        trained = time.perf_counter()
        valid_loss, accuracy = backend.evaluate(valid_split)
        _check_finite(config, epoch, train_loss, valid_loss)
        progress.epoch = epoch
        if best is not None:
            best.update(valid_loss, model)
        yield EpochRecord(
            epoch=epoch,
            train_loss=train_loss,
            valid_loss=valid_loss,
            valid_accuracy=accuracy,
            seconds=time.perf_counter() - started,
            samples_per_second=len(train_split) / (trained - started),
        )


def _train_epoch(
    backend: Backend, split: Split, rows: torch.Tensor, batch_size: int, should_stop: Callable[[], bool]
) -> float | None:
    total: torch.Tensor | float = 0.0
    for part in rows.split(batch_size * STEPS_AT_ONCE):
        if should_stop():
            return None
        total += backend.train(split, part, batch_size)
    return float(total) / len(split)


def evaluate(model: FashionCnn, split: Split) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy in [0, 1] over a split."""
    return choose_backend(model, split).evaluate(split)


def _check_finite(config: TrainConfig, epoch: int, train_loss: float, valid_loss: float) -> None:
    if not (math.isfinite(train_loss) and math.isfinite(valid_loss)):
        raise DivergedError(
            f"the loss is not finite after epoch {epoch} (training {train_loss}, validation {valid_loss}); "
            f"lr {config.lr:g} is likely too high"
        )
