"""What a replayed search had after each of its trials: the true loss of its choice, and what it had spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analysis.deciding.conditions import EPOCHS_PER_TRIAL, Condition
from fashion_wb.replay.table import Floats, Table, read_table
from fashion_wb.replay.training import ReplayedTraining
from fashion_wb.search.seeds import stable_seed
from fashion_wb.study.plan import plan_study, training_seed
from fashion_wb.study.replayed import replay_plan
from fashion_wb.study.settings import StudySettings
from fashion_wb.study.subject import own_subject
from fashion_wb.trial import Metric, Trial, TrialState

LOSS = Metric("valid_loss")
# By name, values after each trial of a search, shape (trials,).
Trace = dict[str, Floats]
# The first four are of the choice so far, `observed` is its lowest loss; the others are totals.
CURVES = ("filters", "lr", "true", "accuracy", "observed", "epochs", "seconds", "dead", "repeats")
_PERSON = ((15, 0.001), (15, 0.0017), (15, 0.003))
# The default configuration of train.py.
_DEFAULT = ((12, 0.001),)


@cache
def table_of(path: Path, number: int) -> Table:
    """Return the table, for number 0; for others it has as many seeds, drawn with replacement."""
    table = read_table(path)
    if number == 0:
        return table
    chance, seeds = np.random.default_rng(number), len(table.seeds)
    return table.with_seeds(chance.integers(seeds, size=seeds))


def traces(path: Path, condition: Condition, number: int, replicates: range) -> list[Trace]:
    """Replay some replicates of a condition on a table; the same arguments give the same.

    Args:
        path: the file of the table.
        condition: the method, its budget, and how many trials run at once.
        number: of the table; see `table_of`.
        replicates: their numbers. Replicate r of every condition has the same trainings.
    """
    table = table_of(path, number)
    if condition.method in _BASELINES:
        return [_baseline(condition, table, number, one) for one in replicates]
    settings = StudySettings(condition.budget, number, EPOCHS_PER_TRIAL, "seed")
    subject, folder = own_subject([condition.method]), Path("not a folder")
    planned = plan_study(subject, len(replicates), settings, folder, replicates.start)
    return [trace(replay_plan(plan, table, condition.at_once, "seed").trials, table) for plan in planned]


def trace(trials: Sequence[Trial], table: Table) -> Trace:
    """Return what a search had after each of `trials`."""
    found: dict[str, list[float]] = {name: [] for name in CURVES}
    training, best = ReplayedTraining(table, 0), np.inf
    choice: dict[str, float] = {}
    seen: set[tuple[int, float]] = set()
    totals = dict.fromkeys(("epochs", "seconds", "dead", "repeats"), 0.0)
    for trial in trials:
        loss, config = LOSS.best(trial.history), (trial.config["filters"], trial.config["lr"])
        assert loss is not None
        totals["epochs"] += len(trial.history)
        totals["seconds"] += trial.seconds
        totals["dead"] += trial.state is TrialState.FINISHED and loss > 2.29
        totals["repeats"] += config in seen
        seen.add(config)
        if loss < best:
            best, results = loss, training.all_losses(*config)
            true, accuracy = (float(results[name].mean()) for name in ("valid_loss", "valid_accuracy"))
            choice = {"filters": config[0], "lr": config[1], "true": true, "accuracy": accuracy}
        for name, value in {**choice, "observed": best, **totals}.items():
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def _baseline(condition: Condition, table: Table, number: int, replicate: int) -> Trace:
    training = ReplayedTraining(table, training_seed(number, replicate))
    chance = np.random.default_rng(stable_seed(number, "one epoch", replicate))
    return trace(_BASELINES[condition.method](condition, training, chance), table)


def _chosen(configs: Sequence[tuple[int, float]]) -> Callable[..., list[Trial]]:
    def trials(condition: Condition, training: ReplayedTraining, chance: np.random.Generator) -> list[Trial]:
        return [_trial(number, config, training) for number, config in enumerate(configs)]

    return trials


def _one_epoch(condition: Condition, training: ReplayedTraining, chance: np.random.Generator) -> list[Trial]:
    """Train random configurations for one epoch each, and the best of them in full.

    The latter get a tenth of the budget, and at least one training.
    """
    full = max(1, round(condition.amount / 10 / EPOCHS_PER_TRIAL))
    first = int(condition.amount) - full * EPOCHS_PER_TRIAL
    drawn = [
        (int(chance.integers(2, 16)), float(10 ** chance.uniform(-4, np.log10(3e-3)))) for _ in range(first)
    ]
    tried = [_trial(number, config, training, epochs=1) for number, config in enumerate(drawn)]
    order = sorted(range(first), key=lambda number: tried[number].history[0]["valid_loss"])
    return [*tried, *(_trial(first + k, drawn[number], training) for k, number in enumerate(order[:full]))]


def _trial(
    number: int, config: tuple[int, float], training: ReplayedTraining, epochs: int = EPOCHS_PER_TRIAL
) -> Trial:
    values: Mapping[str, Any] = {"filters": config[0], "lr": config[1], "epochs": epochs}
    return Trial(number, str(number), values, TrialState.FINISHED, tuple(training.rows(values)))


_BASELINES: Mapping[str, Callable[..., list[Trial]]] = {
    "default": _chosen(_DEFAULT),
    "person": _chosen(_PERSON),
    "one epoch": _one_epoch,
}
