"""The one file that imports private wandb modules, so that an upgrade of wandb breaks here or nowhere.

Importing it imports wandb: do so inside the function that needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import wandb
import wandb.util
from wandb.proto.wandb_internal_pb2 import Record
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
    "Optimizer",
    "Record",
    "Run",
    "RunConfig",
    "RunState",
    "RunWithMetrics",
    "SweepInfo",
    "WandbApiFailedError",
    "create_sweep_command",
    "create_sweep_command_args",
    "execute_graphql",
    "fill_distributions",
    "list_packages_once",
    "make_optimizer",
    "open_api",
    "optuna_search_space",
]


def list_packages_once() -> None:
    """Have wandb look up the installed packages now, and not again in processes forked from this one.

    Every run sends the list; reading it takes 40 to 80 ms, most of what a warm trial's start costs.
    """
    packages = tuple(wandb.util.working_set())
    wandb.util.working_set = lambda: packages


def optuna_search_space(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A sweep's `parameters` as Optuna distributions, by W&B's own mapping.

    Raises:
        ValueError: a distribution with no Optuna counterpart (normal, beta, log_uniform), or nesting.
    """
    # Imported here because it imports Optuna, which not every engine has.
    from wandb.sdk.sweeps.scheduler.optuna import search_space_from_sweep_config

    return search_space_from_sweep_config(dict(parameters))


def fill_distributions(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a sweep's config with the distributions that `wandb sweep` adds for `min` and `max`.

    Raises:
        ValueError: a parameter whose bounds are an integer and a float.
    """
    from wandb.apis.public.sweeps import _validate_config_and_fill_distribution

    return _validate_config_and_fill_distribution(dict(config))


def open_api(retries: int, first_wait: int, longest_wait: int, whatever_is_set: bool = False) -> wandb.Api:
    """A `wandb.Api` whose requests wandb-core repeats after 429, 5xx and lost connections.

    Args:
        retries: how often, at least 1 (wandb-core takes less for its default of 20).
        first_wait: seconds before the first repetition, at least 1; the waits double from there.
        longest_wait: seconds that no wait exceeds.
        whatever_is_set: whether these hold even where the user has set others (WANDB__GRAPHQL_RETRY_MAX,
            ..._WAIT_MIN_SECONDS, ..._WAIT_MAX_SECONDS).

    Raises:
        wandb.Error: no key, a key that is refused, or no answer.
    """
    settings = wandb.setup().settings
    names = ("max", "wait_min_seconds", "wait_max_seconds")
    before = {name: getattr(settings, f"x_graphql_retry_{name}") for name in names}
    for name, value in zip(names, (retries, first_wait, longest_wait), strict=True):
        if whatever_is_set or before[name] is None:
            setattr(settings, f"x_graphql_retry_{name}", value)
    try:
        return wandb.Api()
    finally:
        for name, value in before.items():
            setattr(settings, f"x_graphql_retry_{name}", value)


def execute_graphql(api: wandb.Api, document: str, variables: Mapping[str, Any], timeout: float) -> Any:
    """The `data` of a GraphQL request's answer, as W&B's own add-ons make such requests.

    Args:
        timeout: seconds after which the request is given up and not repeated.

    Raises:
        WandbApiFailedError: no answer in time, an HTTP status that is not 2xx, or errors in the answer.
    """
    return api._service_api.execute_graphql(document, variables=dict(variables), timeout=timeout)
