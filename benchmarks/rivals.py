"""The usual ways to train this CNN, for comparison: the course's data streamer, and PyTorch's DataLoader.

Both train the plain module with plain Adam and read the loss at every step. They see what ours sees: the same
50,000 training images, the same 10,000 to validate on, the same batch size. Imported by Ray Tune's
environment as well, so nothing here needs more than torch and torchvision.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from plain_cnn import PlainCnn  # noqa: E402

from fashion_wb.cnn.data import locate  # noqa: E402
from fashion_wb.cnn.data.dataset import load, split_indices  # noqa: E402

BATCH = 64


class CourseStreamer:
    """The course's data streamer: takes samples one at a time and stacks them, batch after batch."""

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        self.images, self.labels = images, labels
        self._reset()

    def __len__(self) -> int:
        return len(self.labels) // BATCH

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.images[index] / 255, self.labels[index]

    def _reset(self) -> None:
        self.order = np.random.permutation(len(self.labels))
        self.index = 0

    def _batch(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        samples = []
        for _ in range(BATCH):
            samples.append(self[int(self.order[self.index])])
            self.index += 1
        return samples

    def stream(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Batches of stacked images and labels."""
        while True:
            if self.index > len(self.labels) - BATCH:
                self._reset()
            images, labels = zip(*self._batch(), strict=True)
            yield torch.stack(images), torch.stack(labels)


def course_epochs(filters: int, lr: float, epochs: int, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Train as the course's loop does; yields each epoch's `valid_loss`, `accuracy` and `seconds`."""
    data = load(0, limit=limit)
    train = CourseStreamer(data.train.images, data.train.labels)
    valid = CourseStreamer(data.valid.images, data.valid.labels)
    steps, valid_steps = len(train), len(valid)
    train_batches, valid_batches = train.stream(), valid.stream()
    yield from _epochs(
        filters,
        lr,
        epochs,
        lambda: (next(train_batches) for _ in range(steps)),
        lambda: (next(valid_batches) for _ in range(valid_steps)),
    )


def loader_epochs(filters: int, lr: float, epochs: int, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Train from torchvision's data set through DataLoaders, as PyTorch's tutorials do; yields as above."""
    from torch.utils.data import DataLoader, Subset
    from torchvision.datasets import FashionMNIST
    from torchvision.transforms import ToTensor

    with tempfile.TemporaryDirectory() as root:
        (Path(root) / "FashionMNIST").mkdir()
        (Path(root) / "FashionMNIST" / "raw").symlink_to(locate.locate())
        images = FashionMNIST(root, train=True, transform=ToTensor())
    train, valid = split_indices(images.targets.numpy(), 0)
    if limit is not None:
        train, valid = train[:limit], valid[: limit // 5]
    train_loader = DataLoader(Subset(images, train.tolist()), batch_size=BATCH, shuffle=True)
    valid_loader = DataLoader(Subset(images, valid.tolist()), batch_size=BATCH)
    yield from _epochs(filters, lr, epochs, lambda: train_loader, lambda: valid_loader)


def _epochs(filters: int, lr: float, epochs: int, train: Any, valid: Any) -> Iterator[dict[str, Any]]:
    model = PlainCnn(filters, 128, 64)
    optimiser = torch.optim.Adam(model.parameters(), lr=lr)
    loss_of = nn.CrossEntropyLoss()
    for _ in range(epochs):
        started = time.perf_counter()
        model.train()
        train_loss = 0.0
        for images, labels in train():
            optimiser.zero_grad()
            loss = loss_of(model(images), labels)
            loss.backward()
            optimiser.step()
            train_loss += loss.item()
        yield {**_validate(model, loss_of, valid()), "seconds": time.perf_counter() - started}


def _validate(model: nn.Module, loss_of: nn.Module, batches: Any) -> dict[str, float]:
    model.eval()
    loss, correct, count, steps = 0.0, 0, 0, 0
    with torch.no_grad():
        for images, labels in batches:
            logits = model(images)
            loss += loss_of(logits, labels).item()
            correct += int((logits.argmax(1) == labels).sum())
            count += len(labels)
            steps += 1
    return {"valid_loss": loss / steps, "accuracy": correct / count}
