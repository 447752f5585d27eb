"""The CNN in plain PyTorch, without optimisations: tests compare with it, benchmarks time it."""

from __future__ import annotations

import torch
from torch import nn


class PlainCnn(nn.Module):
    """Three blocks of convolution, ReLU and max-pool; an average pool; three dense layers."""

    def __init__(self, filters: int, units1: int, units2: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(1, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            *(nn.Linear(filters, units1), nn.ReLU()),
            *(nn.Linear(units1, units2), nn.ReLU()),
            nn.Linear(units2, 10),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Compute logits (N, 10) of float images (N, 1, 28, 28)."""
        return self.layers(images)
