"""The one file that imports private wandb modules, so that an upgrade of wandb breaks here or nowhere.

Importing it imports wandb: do so inside the function that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args
from wandb.sdk.sweeps.run_state import RunState
from wandb.sdk.sweeps.scheduler.optimizer import (
    Optimizer,
    Run,
    RunConfig,
    RunWithMetrics,
    make_optimizer,
)
from wandb.sdk.sweeps.sweep_info import SweepInfo

__all__ = [
    "Optimizer",
    "Record",
    "Run",
    "RunConfig",
    "RunState",
    "RunWithMetrics",
    "SweepInfo",
    "create_sweep_command",
    "create_sweep_command_args",
    "make_optimizer",
    "optuna_search_space",
]


def optuna_search_space(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A sweep's `parameters` as Optuna distributions, by W&B's own mapping.

    Raises:
        ValueError: a distribution with no Optuna counterpart (normal, beta, log_uniform), or nesting.
    """
    # Imported here because it imports Optuna, which not every engine has.
    from wandb.sdk.sweeps.scheduler.optuna import search_space_from_sweep_config

    return search_space_from_sweep_config(dict(parameters))
