"""The single list of hyperparameters; train.py's flags, the checks of sweep files and the docs use it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import partial
from typing import Any

from fashion_wb.errors import FashionWbError

_ALL_IMAGES = 50_000


@dataclass(frozen=True)
class Bounds:
    """The closed range [low, high] of a hyperparameter, and what it means."""

    low: float
    high: float
    help: str


def _hyperparameter(default: int | float, low: float, high: float, text: str) -> Any:
    return field(default=default, metadata={"bounds": Bounds(low, high, text)})


@dataclass(frozen=True)
class TrainConfig:
    """Everything that determines a training run; equal configs give equal curves on one machine.

    Raises:
        FashionWbError: a value has the wrong type or is out of range.
    """

    filters: int = _hyperparameter(12, 1, 512, "channels of each of the three convolutions")
    units1: int = _hyperparameter(128, 1, 8192, "width of the first dense layer")
    units2: int = _hyperparameter(64, 1, 8192, "width of the second dense layer")
    lr: float = _hyperparameter(1e-3, 1e-8, 10.0, "Adam's learning rate")
    epochs: int = _hyperparameter(10, 1, 10_000, "passes over the training images")
    batch_size: int = _hyperparameter(64, 1, 50_000, "images per optimiser step")
    seed: int = _hyperparameter(
        0, 0, 2**31 - 1, "seed of the data split, the initial weights and the batch order"
    )

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, check_value(spec.name, getattr(self, spec.name)))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> TrainConfig:
        """Build a config from a mapping such as a run's config; missing keys take their defaults.

        Raises:
            FashionWbError: an unknown key, a wrong type or a value out of range.
        """
        unknown = sorted(set(values) - set(NAMES))
        if unknown:
            raise FashionWbError(f"unknown hyperparameter {unknown[0]!r}: train.py takes {', '.join(NAMES)}")
        return cls(**values)


NAMES: tuple[str, ...] = tuple(spec.name for spec in fields(TrainConfig))


def kind(name: str) -> type[int] | type[float]:
    """Return the type of hyperparameter `name`: int or float."""
    return int if isinstance(_field(name).default, int) else float


def bounds(name: str) -> Bounds:
    """Return the allowed range of hyperparameter `name`."""
    found: Bounds = _field(name).metadata["bounds"]
    return found


def _field(name: str) -> Field[Any]:
    return next(spec for spec in fields(TrainConfig) if spec.name == name)


def check_value(name: str, value: Any) -> int | float:
    """Check `value` for hyperparameter `name`, and return it as int or float.

    Raises:
        FashionWbError: not a number, a fraction where an integer is needed, or out of range.
    """
    wanted, limits = kind(name), bounds(name)
    noun = "an integer" if wanted is int else "a number"
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not numeric or not math.isfinite(value) or (wanted is int and value != int(value)):
        hint = ""
        if isinstance(value, str):
            hint = "; YAML reads 1e-4 as text, write 1.0e-4"
        raise FashionWbError(f"{name} must be {noun}, got {value!r}{hint}")
    if not limits.low <= value <= limits.high:
        raise FashionWbError(f"{name} must lie in [{limits.low:g}, {limits.high:g}], got {value!r}")
    return wanted(value)


def images_limit() -> int | None:
    """Return how many training images to use, from FASHION_WB_LIMIT; None means all 50,000.

    Raises:
        FashionWbError: FASHION_WB_LIMIT is not a number from 1 to 50,000.
    """
    text = os.environ.get("FASHION_WB_LIMIT")
    if text is None:
        return None
    limit = int(text) if text.isdecimal() and len(text) < 9 else 0
    if not 1 <= limit <= _ALL_IMAGES:
        raise FashionWbError(
            f"FASHION_WB_LIMIT must be a number of training images from 1 to {_ALL_IMAGES:,}, "
            f"got {text[:40]!r}"
        )
    return limit


def conditions() -> dict[str, int]:
    """Return what results of train.py depend on, beside its hyperparameters."""
    limit = images_limit()
    return {"training images": _ALL_IMAGES if limit is None else limit}


# Sweep files of train.py are checked with these functions.
PARAMETERS: dict[str, Callable[[Any], int | float]] = {name: partial(check_value, name) for name in NAMES}
