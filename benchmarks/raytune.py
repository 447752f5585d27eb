"""Ray Tune's side of the comparisons, run by the other scripts with .venv-ray's Python, never by hand.

Prints one line of JSON:

    epochs     seconds of every epoch of two equal trials at once
    overhead   for each trial, seconds from its proposal to its first step, and from its last step to the
               arrival of its result at the search
    search     wall seconds of a whole search, and what it found
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from typing import Any

import click

# Set before the imports: one thread per trial, as Ray itself sets it, and no usage statistics sent.
os.environ |= {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AIR_NEW_OUTPUT": "0"}

import ray
from ray import tune
from ray.tune.search import Searcher
from rivals import course_epochs

SPACE = {"filters": tune.randint(2, 16), "lr": tune.loguniform(1e-4, 3e-3)}


def trial(config: dict[str, Any]) -> None:
    """Train, and report every epoch."""
    began = time.time()
    filters, limit = int(config["filters"]), config.get("limit")
    for record in course_epochs(filters, config["lr"], config["epochs"], limit):
        tune.report({**record, "first_step": began, "last_step": time.time()})


class StampedRandom(Searcher):
    """A search that records when it is asked for a configuration and when it is told a result."""

    def __init__(self) -> None:
        super().__init__(metric="valid_loss", mode="min")
        self.asked: dict[str, float] = {}
        self.told: dict[str, tuple[float, dict[str, Any]]] = {}

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """Return a fixed configuration: what is proposed does not matter here."""
        self.asked[trial_id] = time.time()
        return {"filters": 3, "lr": 1e-3, "epochs": 1, "limit": 500}

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Record a result."""
        self.told[trial_id] = time.time(), result or {}


def search_parts(method: str, epochs: int) -> tuple[dict[str, Any], Any, Any]:
    """Return space, searcher and scheduler, as in the assignment."""
    if method == "bayes":
        from ray.tune.search.bayesopt import BayesOptSearch

        # It knows only continuous values.
        return {"filters": tune.uniform(2, 16), "lr": tune.uniform(1e-4, 3e-3)}, BayesOptSearch(), None
    if method == "hyperopt":
        from ray.tune.search.hyperopt import HyperOptSearch

        return SPACE, HyperOptSearch(), None
    if method == "optuna":
        from ray.tune.search.optuna import OptunaSearch

        return SPACE, OptunaSearch(), None
    if method == "hyperband":
        from ray.tune.schedulers import AsyncHyperBandScheduler

        scheduler = AsyncHyperBandScheduler(
            time_attr="training_iteration", grace_period=1, reduction_factor=3, max_t=epochs
        )
        return SPACE, None, scheduler
    return SPACE, None, None


def run(space: dict[str, Any], trials: int, searcher: Any = None, scheduler: Any = None) -> Any:
    """Run one search, two trials at once, one core each."""
    with tempfile.TemporaryDirectory() as folder:
        return tune.run(
            trial,
            config=space,
            metric="valid_loss",
            mode="min",
            num_samples=trials,
            search_alg=searcher,
            scheduler=scheduler,
            resources_per_trial={"cpu": 1},
            storage_path=folder,
            verbose=0,
        )


@click.group()
def main() -> None:
    """Ray Tune's side."""
    ray.init(num_cpus=2, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)


@main.command()
@click.option("--filters", type=int, required=True)
@click.option("--epochs", type=int, required=True)
@click.option("--limit", type=int, default=None)
def epochs(filters: int, epochs: int, limit: int | None) -> None:
    """Run two equal trials at once."""
    space = {"filters": filters, "lr": 1e-3, "epochs": epochs, "limit": limit}
    analysis = run(space, 2)
    print(json.dumps([frame["seconds"].tolist() for frame in analysis.trial_dataframes.values()]))


@main.command()
@click.option("--trials", type=int, required=True)
def overhead(trials: int) -> None:
    """Run trials one after the other."""
    searcher = StampedRandom()
    run({}, trials, tune.search.ConcurrencyLimiter(searcher, max_concurrent=1))
    rows = [
        (result["first_step"] - searcher.asked[key], told - result["last_step"])
        for key, (told, result) in searcher.told.items()
    ]
    print(json.dumps(rows))


@main.command()
@click.option("--method", type=str, required=True)
@click.option("--trials", type=int, required=True)
@click.option("--epochs", type=int, required=True)
@click.option("--limit", type=int, default=None)
def search(method: str, trials: int, epochs: int, limit: int | None) -> None:
    """Run a whole search."""
    space, searcher, scheduler = search_parts(method, epochs)
    started = time.perf_counter()
    analysis = run({**space, "epochs": epochs, "limit": limit}, trials, searcher, scheduler)
    frames = analysis.trial_dataframes.values()
    best = analysis.best_result
    found = {
        "seconds": time.perf_counter() - started,
        "epochs": sum(len(frame) for frame in frames),
        "valid_loss": best["valid_loss"],
        "accuracy": best["accuracy"],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
