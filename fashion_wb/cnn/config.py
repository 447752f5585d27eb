"""The single list of hyperparameters: train.py's flags, the sweep files' check and docs come from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from fashion_wb.errors import FashionWbError


@dataclass(frozen=True)
class Bounds:
    """The closed range [low, high] a hyperparameter may take, and what it means."""

    low: float
    high: float
    help: str


def _hyperparameter(default: int | float, low: float, high: float, text: str) -> Any:
    return field(default=default, metadata={"bounds": Bounds(low, high, text)})


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run; two equal configs give the same curve on one machine.

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
        """Build a config from a mapping such as a run's config; absent keys take their defaults.

        Raises:
            FashionWbError: an unknown key, a wrong type or a value out of range.
        """
        unknown = sorted(set(values) - set(NAMES))
        if unknown:
            raise FashionWbError(f"unknown hyperparameter {unknown[0]!r}: train.py takes {', '.join(NAMES)}")
        return cls(**values)


NAMES: tuple[str, ...] = tuple(spec.name for spec in fields(TrainConfig))


def kind(name: str) -> type:
    """int or float, the type of hyperparameter `name`."""
    spec = next(spec for spec in fields(TrainConfig) if spec.name == name)
    return type(spec.default)


def bounds(name: str) -> Bounds:
    """The allowed range of hyperparameter `name`."""
    return next(spec for spec in fields(TrainConfig) if spec.name == name).metadata["bounds"]


def check_value(name: str, value: Any) -> int | float:
    """`value` as hyperparameter `name`'s own type.

    Raises:
        FashionWbError: not a number, not whole where an integer is needed, or out of range.
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


# What a sweep of train.py is checked against.
PARAMETERS: dict[str, Callable[[Any], int | float]] = {name: partial(check_value, name) for name in NAMES}
