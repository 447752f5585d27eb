"""Where a training is, so that it goes on in another process as if nothing had happened.

The state is plain tensors and numbers: reading it runs no code.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from fashion_wb.cnn.backend import Backend
from fashion_wb.cnn.model import FashionCnn
from fashion_wb.files import replacing

FILE = "checkpoint.pt"


class Progress:
    """How far a training is: its epoch, weights, optimiser, best weights and the order of its batches.

    `training.train` attaches itself to it, goes on from the state it was given, if any, and counts epochs.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        """Args: `state` is what `state` returned in an earlier process; None for a new training."""
        self._state = state
        self.epoch = 0

    def attach(self, model: FashionCnn, backend: Backend, order: torch.Generator) -> None:
        """Bring a new training to the state given, if any."""
        self._model, self._backend, self._order = model, backend, order
        if self._state is not None:
            model.load_state_dict(self._state["model"])
            backend.restore(self._state["optimiser"])
            order.set_state(self._state["order"])
            self.epoch = int(self._state["epoch"])
            self._state = None

    def state(self) -> dict[str, Any]:
        """Return the state after the last epoch that has ended; it changes when training goes on."""
        return {
            "epoch": self.epoch,
            "model": self._model.state_dict(),
            "optimiser": self._backend.state(),
            "order": self._order.get_state(),
        }


@dataclass
class Checkpoint:
    """What a run needs to go on.

    Attributes:
        config: everything that the results depend on.
        training: `Progress.state`; None before the first epoch has ended.
        best: the weights of the best epoch and its loss, if they are kept.
        rows: the rows logged so far, one per epoch.
    """

    config: Mapping[str, Any]
    training: Mapping[str, Any] | None = None
    best: Mapping[str, Any] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)


def save_checkpoint(checkpoint: Checkpoint, folder: Path) -> None:
    """Write FILE in `folder`, completely or not at all."""
    with replacing(folder / FILE) as temporary:
        torch.save(vars(checkpoint), temporary)


def load_checkpoint(folder: Path, config: Mapping[str, Any]) -> tuple[Checkpoint, str]:
    """Return the checkpoint in `folder`, or a new one, and a sentence if there is one that cannot be used.

    Args:
        folder: an existing folder.
        config: everything that the results of this run depend on.
    """
    new, path = Checkpoint(config), folder / FILE
    try:
        content = torch.load(io.BytesIO(path.read_bytes()), weights_only=True)
        found = Checkpoint(**content)
        last = len(found.rows) if found.training is None else int(found.training["epoch"])
    except FileNotFoundError:
        return new, ""
    # torch.load raises whatever its unpickler does.
    except Exception as error:
        return new, f"{path}: cannot be read ({type(error).__name__}); training starts from the beginning"
    if found.config != config or last != len(found.rows) or not math.isfinite(last):
        return new, f"{path}: is of another configuration; training starts from the beginning"
    return found, ""
