"""The CNN of the course assignment this project grew from."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from fashion_wb.cnn.config import TrainConfig

CLASSES = 10


class FashionCnn(nn.Module):
    """Three blocks of convolution, max-pool and ReLU, an average pool, and three dense layers.

    The convolutions are 3x3 with `filters` channels each, padded by 1 in the first block only, so a
    28x28 image leaves the blocks as 2x2. ReLU stands after the pool: both orders give the same result,
    since ReLU is monotone, and this one does a quarter of the work.
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
        """Logits.

        Args:
            images: float32, (N, 1, 28, 28), in [0, 1].

        Returns:
            float32, (N, 10).
        """
        x = images
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.relu(F.max_pool2d(conv(x), 2))
        x = x.mean((2, 3))
        return self.dense3(F.relu(self.dense2(F.relu(self.dense1(x)))))


def build_model(config: TrainConfig, device: torch.device) -> FashionCnn:
    """A model with PyTorch's default initialisation drawn from `config.seed`, on `device`.

    Weights are channels_last, the layout in which small CPU convolutions are fastest. The process's own
    random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = FashionCnn(config)
    return model.to(device=device, memory_format=torch.channels_last)
