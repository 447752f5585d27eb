"""Add sweeps and runs directly to the stand-in's memory, as clients would have left them."""

from __future__ import annotations

import random
from typing import Any

from standin_state import Run, State
from sweep_cases import ROOT

PROJECT = "fashion"


def add_sweep(state: State, method: str = "random", text: str | None = None) -> str:
    """Add a sweep to PROJECT, from `text` or else the method's own file; return its id."""
    text = text or (ROOT / "sweeps" / f"{method}.yaml").read_text()
    return state.add_sweep(PROJECT, text).name


def rows(losses: list[float], start: float = 1e9) -> list[dict[str, Any]]:
    """Return rows as train.py logs them, one per loss; the accuracy is 1 - loss."""
    return [
        {
            **{"_step": step, "_runtime": 2.0 * (step + 1), "_timestamp": start + 2.0 * step},
            **{"epoch": step + 1, "train_loss": 0.9 * loss, "valid_loss": loss, "valid_accuracy": 1 - loss},
            **{"seconds": 1.5, "samples_per_second": 1e4},
        }
        for step, loss in enumerate(losses)
    ]


def add_run(
    state: State,
    sweep: str | None,
    name: str,
    losses: list[float],
    outcome: str = "finished",
    exit_code: int | None = 0,
    summary: dict[str, Any] | None = None,
    **config: Any,
) -> Run:
    """Add a run to PROJECT."""
    values = {"filters": 8, "units1": 128, "units2": 64, "lr": 1e-3, "epochs": 10} | config
    wire = {key: {"value": value} for key, value in values.items()} | {"_wandb": {"value": {"t": 1}}}
    history = rows(losses, start=1e9 + 100 * len(state.runs))
    kept = dict(summary or (history[-1] if history else {}))
    state.projects.add(PROJECT)
    state.runs[name] = Run(name, PROJECT, sweep, wire, outcome, history, kept, exit_code=exit_code)
    return state.runs[name]


def fill(state: State, runs: int, epochs: int, seed: int = 0) -> None:
    """Add the five methods' sweeps with `runs` finished runs in total."""
    chance = random.Random(seed)
    sweeps = [add_sweep(state, m) for m in ("random", "bayes", "hyperband", "hyperopt", "optuna")]
    for number in range(runs):
        losses = [0.3 + chance.random() for _ in range(epochs)]
        filters, lr = chance.randint(2, 15), 10 ** chance.uniform(-4, -2.5)
        name = f"{chance.getrandbits(40):010x}"
        add_run(state, sweeps[number % len(sweeps)], name, losses, filters=filters, lr=lr)
