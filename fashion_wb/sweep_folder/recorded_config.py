"""Check the configuration of a sweep that a folder records: the file may be damaged, or written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def checked_config(config: Any) -> dict[str, Any]:
    """Return a recorded configuration, if it has the shape of a checked sweep file.

    Raises:
        ValueError: it has not; the message names the key.
    """
    _need(isinstance(config, dict), "config", "a mapping")
    _need(isinstance(config.get("method"), str), "config.method", "a text")
    # A function of the scheduler block may define the space instead.
    parameters = config.get("parameters", {} if "scheduler" in config else None)
    _need(isinstance(parameters, dict), "config.parameters", "a mapping")
    for name, entry in parameters.items():
        _need(isinstance(entry, dict), f"config.parameters.{name}", "a mapping")
    for name in ("metric", "scheduler", "early_terminate"):
        _need(isinstance(config.get(name, {}), dict), f"config.{name}", "a mapping")
    for name in ("program", "entity", "project"):
        _need(isinstance(config.get(name, ""), str | None), f"config.{name}", "a text")
    _need(isinstance(config.get("command", []), list | None), "config.command", "a list")
    if config.get("metric"):
        _check_metric(config["metric"])
    cap = config.get("run_cap")
    _need(cap is None or (isinstance(cap, int) and cap > 0), "config.run_cap", "a number above 0")
    return dict(config)


def _check_metric(metric: Mapping[str, Any]) -> None:
    _need(isinstance(metric.get("name"), str), "config.metric.name", "a text")
    goals = ("minimize", "maximize")
    _need(metric.get("goal", "minimize") in goals, "config.metric.goal", " or ".join(goals))


def _need(fulfilled: bool, key: str, rule: str) -> None:
    if not fulfilled:
        raise ValueError(f"{key} must be {rule}")
