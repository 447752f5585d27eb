"""Trials for the tests of the analysis: some made by hand, many generated from a seed."""

from __future__ import annotations

import math
import random
from typing import Any

import pandas as pd

from analysis.evidence import Evidence, gather
from analysis.records.frames import steps_frame, trials_frame
from analysis.records.search import SearchRecord
from analysis.records.subject import Subject, subject_of
from fashion_wb.study.reported import reported
from fashion_wb.trial import Metric, Trial, TrialState

LOSS = Metric("valid_loss")
ACCURACY = Metric("valid_accuracy", "maximize")
# The space of the sweep files, with the units searched too.
PARAMETERS = {
    "filters": {"distribution": "int_uniform", "min": 2, "max": 15},
    "units1": {"values": [64, 128]},
    "units2": {"values": [0, 64]},
    "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 3e-3},
    "epochs": {"value": 10},
}
# What is reported of this project's own study.
OWN = reported(
    {"study": "fashion-mnist", "budget": {}, "also": ["valid_accuracy"], "final_metric": ["test_accuracy"]}
)


def search(*trials: Trial, method: str = "bayes", sweep: str = "s", metric: Metric = LOSS) -> SearchRecord:
    """Return a search, by validation loss unless `metric` says otherwise."""
    return record(method, sweep, trials, metric=metric)


def record(method: str, sweep: str, trials: Any, replicate: int = 0, metric: Metric = LOSS) -> SearchRecord:
    """Return a search over PARAMETERS."""
    return SearchRecord(method, sweep, metric, tuple(trials), replicate, PARAMETERS)


def subject_for(searches: list[SearchRecord]) -> Subject:
    """Return the subject of searches, reported as in this project's own study."""
    return subject_of(searches or [search()], OWN.also, OWN.step_seconds)


def trials_of(searches: list[SearchRecord]) -> pd.DataFrame:
    """Return the frame of trials, reported as in this project's own study."""
    return trials_frame(searches, subject_for(searches))


def steps_of(searches: list[SearchRecord]) -> pd.DataFrame:
    """Return the frame of steps, reported as in this project's own study."""
    return steps_frame(searches, subject_for(searches))


def evidence_of(searches: list[SearchRecord], *reruns: Any) -> Evidence:
    """Return the evidence, reported as in this project's own study."""
    return gather(searches, *reruns, reported=OWN)


def history(losses: list[float], seconds: float | None = 2.5, first: dict[str, Any] | None = None) -> tuple:
    """Return one row per epoch as train.py logs it, with accuracy 1 - loss and training loss 0.9 * loss."""
    rows = []
    for step, loss in enumerate(losses):
        row = {"_step": step, "_runtime": 3.0 * (step + 1), "epoch": step + 1, "valid_loss": loss}
        row |= {"train_loss": 0.9 * loss, "valid_accuracy": 1 - loss}
        if seconds is not None:
            row["seconds"] = seconds
        rows.append(row | (first or {}))
    return tuple(rows)


def trial(
    number: int, losses: list[float], state: str = "finished", seconds: float | None = 2.5, **config: Any
) -> Trial:
    """Return a trial with train.py's history; `config` overrides filters, units1, units2 and lr."""
    values = {"filters": 4 + number, "units1": 128, "units2": 64, "lr": 0.001 * (number + 1), "epochs": 10}
    return Trial(number, f"r{number}", values | config, TrialState(state), history(losses, seconds))


def hand_made() -> list[SearchRecord]:
    """Return stopped, failed and running trials, a tie, missing and zero values, a method without result."""
    bayes = (
        trial(0, [0.5, 0.25, 0.375], lr=0.0012288),
        trial(1, [0.5, 0.25], filters=12, units2=0, lr=0.0),
        trial(2, [0.75], "stopped", filters=2),
        trial(3, [0.125, 0.0625], "failed"),
    )
    hyperband = (
        Trial(0, "h0", {"filters": 3.0}, TrialState.STOPPED, history([0.625], None)),
        Trial(1, "h1", {"lr": "fast", "units1": True}, TrialState.FINISHED, history([0.4375, math.nan])),
        Trial(2, "h2", {}, TrialState.FAILED),
        Trial(3, "h3", {"filters": 7}, TrialState.RUNNING, history([0.03125])),
    )
    failed = (trial(0, [], "failed"), trial(1, [0.5], "failed"))
    return [
        record("bayes", "aaa", bayes[::-1]),
        record("hyperband", "bbb", hyperband),
        record("op|una", "ccc", failed),
    ]


def plausible(trials: int = 10, epochs: int = 10, seed: int = 0, sweeps: int = 1) -> list[SearchRecord]:
    """Return five methods with trials like Fashion-MNIST's; hyperband stops some after 1 or 3 epochs."""
    chance = random.Random(seed)
    return [
        record(method, f"{method}{sweep}", _many(chance, method, trials, epochs), sweep)
        for method in ("random", "bayes", "hyperband", "hyperopt", "optuna")
        for sweep in range(sweeps)
    ]


def _many(chance: random.Random, method: str, trials: int, epochs: int) -> tuple[Trial, ...]:
    return tuple(_plausible(chance, method, number, epochs) for number in range(trials))


def _plausible(chance: random.Random, method: str, number: int, epochs: int) -> Trial:
    filters, lr = chance.randint(2, 15), 10 ** chance.uniform(-4, -2.52)
    floor = 0.22 + 0.25 / filters + 0.03 * abs(math.log10(lr / 1.2e-3))
    state, length = TrialState.FINISHED, epochs
    if method == "hyperband" and chance.random() < 0.6:
        state, length = TrialState.STOPPED, min(epochs, chance.choice([1, 3]))
    elif chance.random() < 0.04:
        state, length = TrialState.FAILED, 2
    losses = [floor + 0.35 * math.exp(-0.6 * epoch) + chance.gauss(0, 0.004) for epoch in range(length)]
    rows = history(losses, seconds=4.1 + filters / 3)
    rows = tuple(row | {"valid_accuracy": 1 - 0.36 * row["valid_loss"]} for row in rows)
    config = {"filters": filters, "units1": 128, "units2": 64, "lr": lr, "epochs": epochs}
    return Trial(number, f"{method[:2]}{number:06d}", config, state, rows)
