"""The CNN of the course assignment that this project started from."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from fashion_wb.cnn.config import TrainConfig

CLASSES = 10


class FashionCnn(nn.Module):
    """Three blocks of convolution, max-pool and ReLU, an average pool, and three dense layers.

    The convolutions are 3x3 with `filters` channels each, padded by 1 in the first block only, so a
    28x28 image leaves the blocks as 2x2. ReLU comes after the pool: ReLU is monotone, so both orders give
    the same result, and this one does a quarter of the work.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, config.filters, 3, padding=1)
        self.conv2 = nn.Conv2d(config.filters, config.filters, 3)
        self.conv3 = nn.Conv2d(config.filters, config.filters, 3)
        self.dense1 = nn.Linear(config.filters, config.units1)
        self.dense2 = nn.Linear(config.units1, config.units2)
        self.dense3 = nn.Linear(config.units2, CLASSES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Compute the logits.

        Args:
            images: float32, (N, 1, 28, 28), in [0, 1].

        Returns:
            float32, (N, 10).
        """
        x = images
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.relu(F.max_pool2d(conv(x), 2))
        x = x.mean((2, 3))
        logits: torch.Tensor = self.dense3(F.relu(self.dense2(F.relu(self.dense1(x)))))
        return logits


def build_model(config: TrainConfig, device: torch.device) -> FashionCnn:
    """Create a model on `device`, with PyTorch's default initialisation seeded by `config.seed`.

    Weights are channels_last, the layout in which small CPU convolutions are fastest. The global random
    state does not change.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = FashionCnn(config)
    return model.to(device).to(memory_format=torch.channels_last)
