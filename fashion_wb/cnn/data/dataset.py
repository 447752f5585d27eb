"""Fashion-MNIST as tensors: a seeded, stratified split of the training images, and the test images."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fashion_wb.cnn.config import check_value
from fashion_wb.cnn.data import locate
from fashion_wb.errors import FashionWbError

CLASSES = 10
PER_CLASS = 6_000
VALID_PER_CLASS = 1_000
TRAIN_SIZE = CLASSES * (PER_CLASS - VALID_PER_CLASS)
MIN_LIMIT = 10

_IMAGE_HEADER = 16  # bytes
_LABEL_HEADER = 8

IntArray = np.ndarray[Any, np.dtype[np.integer[Any]]]


@dataclass(frozen=True)
class Split:
    """Images and their labels: a selection, in a fixed order, from a pool that splits and processes share.

    Attributes:
        pool: uint8, shape (M, 1, 28, 28), grey levels 0 (background) to 255.
        pool_labels: int64, shape (M,), classes 0 to 9.
        rows: int64, shape (N,), indices of the split's images in the pool.
    """

    pool: torch.Tensor
    pool_labels: torch.Tensor
    rows: torch.Tensor

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def images(self) -> torch.Tensor:
        """The split's images, (N, 1, 28, 28), in its order; a new copy at each access."""
        return self.pool[self.rows]

    @property
    def labels(self) -> torch.Tensor:
        """The split's labels, (N,), in its order; a new copy at each access."""
        return self.pool_labels[self.rows]

    def to(self, device: torch.device) -> Split:
        """Move the split to `device`; tensors that are there already are not copied."""
        return Split(self.pool.to(device), self.pool_labels.to(device), self.rows.to(device))


@dataclass(frozen=True)
class FashionMnist:
    """The 60,000 training images, split by class into 50,000 for training and 10,000 for validation."""

    train: Split
    valid: Split


def load(seed: int, data_dir: Path | None = None, limit: int | None = None) -> FashionMnist:
    """Load the training images, split by `seed`.

    Each class gives 5,000 training and 1,000 validation images, and both parts are shuffled. A seed gives
    the same split in every process and on every machine. `limit` (10 to 50,000) keeps only the first `limit`
    training images and the first limit // 5 validation images of that split.

    Raises:
        FashionWbError: `seed` or `limit` is out of range, or as `locate.ensure`.
    """
    check_value("seed", seed)
    if limit is not None:
        _check_limit(limit)
    images, labels = _load_pool("train", locate.locate(data_dir))
    train, valid = split_indices(labels.numpy(), seed)
    if limit is not None:
        train, valid = train[:limit], valid[: limit // 5]
    return FashionMnist(*(Split(images, labels, torch.from_numpy(rows)) for rows in (train, valid)))


def load_test(data_dir: Path | None = None) -> Split:
    """Load the 10,000 test images in their published order; not in `load`, so that no search sees them.

    Raises:
        FashionWbError: as `locate.ensure`.
    """
    images, labels = _load_pool("t10k", locate.locate(data_dir))
    return Split(images, labels, torch.arange(len(labels)))


def preload(data_dir: Path | None = None) -> None:
    """Map the training images into memory, so that processes forked from this one share the mapping.

    Raises:
        FashionWbError: as `locate.ensure`.
    """
    _load_pool("train", locate.locate(data_dir))


def split_indices(labels: IntArray, seed: int) -> tuple[IntArray, IntArray]:
    """Split the training images into 50,000 for training and 10,000 for validation.

    Args:
        labels: integers, shape (60000,), each class 6,000 times.
        seed: 0 to 2**31 - 1.

    Returns:
        Two disjoint int64 arrays of shuffled indices: training, validation.
    """
    # Sort raw output of the bit generator, because numpy guarantees that stream forever; the stream of
    # Generator.permutation may change with numpy's version. Use two sets of keys, because the order within
    # a part must not depend on which images are in it: otherwise its first images have few classes.
    choose, shuffle = np.random.PCG64(seed).random_raw(2 * len(labels)).reshape(2, -1)
    by_class = np.lexsort((choose, labels)).reshape(CLASSES, PER_CLASS)
    valid, train = by_class[:, :VALID_PER_CLASS].ravel(), by_class[:, VALID_PER_CLASS:].ravel()
    return (
        train[np.argsort(shuffle[train], kind="stable")],
        valid[np.argsort(shuffle[valid], kind="stable")],
    )


def _check_limit(limit: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not MIN_LIMIT <= limit <= TRAIN_SIZE:
        raise FashionWbError(
            f"limit must be an integer in [{MIN_LIMIT}, {TRAIN_SIZE}], the number of training images to "
            f"keep, got {limit!r}"
        )


@functools.cache
def _load_pool(part: str, folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    # Memory-mapped, so that all trials on a machine share one copy in the page cache, however they started.
    # Copy on write, so that changes to the tensors stay in the process that makes them.
    pixels = np.memmap(folder / f"{part}-images-idx3-ubyte", np.uint8, "c", offset=_IMAGE_HEADER)
    labels = np.fromfile(folder / f"{part}-labels-idx1-ubyte", dtype=np.uint8, offset=_LABEL_HEADER)
    images = pixels.reshape(len(labels), 1, 28, 28)
    return torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))
