"""The only file that imports private wandb modules: if a new wandb version breaks an import, look here.

This module imports wandb, which is slow, so import it inside the function that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic
import wandb
import wandb.util
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from wandb.errors import UsageError
from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args
from wandb.sdk.lib.service.service_connection import WandbApiFailedError
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
    "DecodeError",
    "Optimizer",
    "Record",
    "Run",
    "RunConfig",
    "RunState",
    "RunWithMetrics",
    "SweepInfo",
    "UsageError",
    "WandbApiFailedError",
    "create_sweep_command",
    "create_sweep_command_args",
    "execute_graphql",
    "fill_distributions",
    "list_packages_once",
    "make_optimizer",
    "open_api",
    "optuna_search_space",
    "refused_variables",
]


def list_packages_once() -> None:
    """Make wandb look up the installed packages now, and not again in processes forked from this one.

    Every run sends this list. Reading it takes 40 to 80 ms, most of the time that a trial of a warm fork
    server needs to start.
    """
    packages = tuple(wandb.util.working_set())
    wandb.util.working_set = lambda: packages


def refused_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables whose values wandb refuses, each with the rule that is broken."""
    refused = {}
    for name, value in environment.items():
        try:
            # One at a time: wandb's error names its own setting, which is often not the variable's name.
            wandb.Settings().update_from_env_vars({name: value})
        except pydantic.ValidationError as error:
            refused[name] = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        except (UsageError, ValueError) as error:
            refused[name] = str(error)
    return refused


def optuna_search_space(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a sweep's `parameters` to Optuna distributions with W&B's own function.

    Raises:
        ValueError: a distribution that Optuna lacks (normal, beta, log_uniform), or nested parameters.
    """
    # Imported here because it imports Optuna, which not every engine needs.
    from wandb.sdk.sweeps.scheduler.optuna import search_space_from_sweep_config

    return search_space_from_sweep_config(dict(parameters))


def fill_distributions(config: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a sweep's config and add the distributions that `wandb sweep` infers from `min` and `max`.

    Raises:
        ValueError: one bound of a parameter is an integer and the other a float.
    """
    from wandb.apis.public.sweeps import _validate_config_and_fill_distribution

    return _validate_config_and_fill_distribution(dict(config))


def open_api(retries: int, first_wait: int, longest_wait: int, override: bool = False) -> wandb.Api:
    """Open a `wandb.Api` whose requests wandb-core retries after HTTP 429, 5xx and lost connections.

    Args:
        retries: maximum number of retries, at least 1 (below that, wandb-core uses its default of 20).
        first_wait: seconds before the first retry, at least 1; each later wait is twice as long.
        longest_wait: maximum of a wait, in seconds.
        override: whether these values replace those that the user has set (WANDB__GRAPHQL_RETRY_MAX,
            ..._WAIT_MIN_SECONDS, ..._WAIT_MAX_SECONDS).

    Raises:
        wandb.Error: no API key, a key that the server refuses, or no answer.
    """
    settings = wandb.setup().settings
    names = ("max", "wait_min_seconds", "wait_max_seconds")
    before = {name: getattr(settings, f"x_graphql_retry_{name}") for name in names}
    for name, value in zip(names, (retries, first_wait, longest_wait), strict=True):
        if override or before[name] is None:
            setattr(settings, f"x_graphql_retry_{name}", value)
    try:
        return wandb.Api()
    finally:
        for name, value in before.items():
            setattr(settings, f"x_graphql_retry_{name}", value)


def execute_graphql(api: wandb.Api, document: str, variables: Mapping[str, Any], timeout: float) -> Any:
    """Send a GraphQL request the way W&B's own add-ons do, and return the `data` of the answer.

    Args:
        timeout: seconds after which the request fails, without a retry.

    Raises:
        WandbApiFailedError: no answer in time, an HTTP status other than 2xx, or errors in the answer.
    """
    return api._service_api.execute_graphql(document, variables=dict(variables), timeout=timeout)
