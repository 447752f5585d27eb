"""Sweeps to export, made by hand: every state, nested parameters, categories, a metric to maximise."""

from __future__ import annotations

from typing import Any

from analysis.records.sweep import SweepRecord
from fashion_wb.trial import Metric, Trial, TrialState

STARTED = 1_700_000_000.0
SCORE = Metric("score", "maximize")
PARAMETERS: dict[str, Any] = {
    "filters": {"distribution": "int_uniform", "min": 2, "max": 15},
    "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 3e-3},
    "dropout": {"distribution": "q_uniform", "min": 0.0, "max": 0.5, "q": 0.1},
    "optimizer": {"parameters": {"name": {"values": ["adam", "sgd"]}, "momentum": {"value": 0.9}}},
    "epochs": {"value": 10},
}


def config(**changed: Any) -> dict[str, Any]:
    """Return a configuration of PARAMETERS, with `changed` values."""
    plain = {"filters": 4, "lr": 1e-3, "dropout": 3 * 0.1, "epochs": 10}
    return {**plain, "optimizer": {"name": "adam", "momentum": 0.9}, **changed}


def rows(*values: float, begin: float = STARTED) -> tuple[dict[str, Any], ...]:
    """Return rows that log `score` every two seconds from `begin`, as a run of W&B does."""
    return tuple(
        {"_step": k, "_runtime": 2.0 * (k + 1), "_timestamp": begin + 2.0 * (k + 1), "score": value}
        for k, value in enumerate(values)
    )


def sweep(
    *trials: Trial,
    name: str = "random-r0",
    metric: Metric | None = SCORE,
    parameters: dict[str, Any] | None = None,
    **more: Any,
) -> SweepRecord:
    """Return a sweep of `trials` over PARAMETERS, or over others."""
    file = {"method": "random", "parameters": PARAMETERS if parameters is None else parameters, **more}
    if metric is not None:
        file["metric"] = {"name": metric.name, "goal": metric.goal}
    return SweepRecord(name, f"id{name}", metric, tuple(trials), file)


def four_states() -> SweepRecord:
    """Return a sweep to maximise `score` with a trial in each state, in no order."""
    return sweep(
        Trial(3, "r3", config(filters=7), TrialState.RUNNING, rows(0.99, begin=STARTED + 90)),
        Trial(0, "r0", config(), TrialState.FINISHED, rows(0.5, 0.75, 0.625)),
        Trial(1, "r1", config(filters=15, lr=3e-3), TrialState.STOPPED, rows(0.25, 0.125), "early stopping"),
        Trial(
            2, "r2", config(optimizer={"name": "sgd", "momentum": 0.9}), TrialState.FAILED, (), "exit code 1"
        ),
    )
