"""Measure how long the analysis of a big study takes, and how much memory.

    .venv/bin/python benchmarks/evidence.py [RUNS]

RUNS runs of 10 epochs (default 10,000) of five methods in 20 replicates, from trials in memory to tables,
all statistics, comparison.md, CSVs and figures. Prints seconds of each part, and the highest memory of the
process.
"""

from __future__ import annotations

import math
import random
import resource
import tempfile
import time
from pathlib import Path

import click

from analysis.evidence import gather
from analysis.outputs import write_comparison
from analysis.records.frames import steps_frame, trials_frame
from analysis.records.search import SearchRecord
from analysis.records.subject import subject_of
from fashion_wb.trial import Metric, Trial, TrialState

METHODS = ("random", "bayes", "hyperband", "hyperopt", "optuna")
REPLICATES, EPOCHS = 20, 10


def made_up_trial(chance: random.Random, number: int, run_id: str, method: str) -> Trial:
    """Make up a trial with train.py's rows; hyperband stops most of its trials."""
    filters, lr = chance.randint(2, 15), 10 ** chance.uniform(-4, -2.52)
    stopped = method == "hyperband" and chance.random() < 0.6
    rows = []
    for epoch in range(1, 2 if stopped else EPOCHS + 1):
        loss = 0.3 + 0.5 / filters + 0.6 * math.exp(-0.5 * epoch) + chance.gauss(0, 0.01)
        rows.append(
            {"_step": epoch, "_timestamp": number * 60.0 + epoch, "_runtime": 5.0 * epoch, "epoch": epoch}
            | {"valid_loss": loss, "train_loss": loss, "valid_accuracy": 1 - loss / 3, "seconds": 5.0}
        )
    config = {"filters": filters, "units1": 128, "units2": 64, "lr": lr, "epochs": EPOCHS, "seed": 0}
    state = TrialState.STOPPED if stopped else TrialState.FINISHED
    return Trial(number, run_id, config, state, tuple(rows))


def made_up_searches(runs: int, seed: int = 0) -> list[SearchRecord]:
    """Make up REPLICATES searches of each of METHODS, with `runs` trials in total."""
    chance = random.Random(seed)
    each = runs // (len(METHODS) * REPLICATES)
    return [
        SearchRecord(
            method,
            f"{method}{replicate}",
            Metric("valid_loss"),
            tuple(
                made_up_trial(chance, number, f"{method}{replicate}-{number:04d}", method)
                for number in range(each)
            ),
            replicate,
        )
        for method in METHODS
        for replicate in range(REPLICATES)
    ]


def timed(name: str, work, *arguments) -> None:
    """Call `work`, and print how long it took."""
    start = time.perf_counter()
    work(*arguments)
    print(f"{name:36} {time.perf_counter() - start:6.1f} s", flush=True)


@click.command()
@click.argument("runs", type=click.IntRange(min=100), default=10_000)
def main(runs: int) -> None:
    """Print a line per part."""
    searches = made_up_searches(runs)
    made = sum(len(search.trials) for search in searches)
    print(f"{made:,} runs, {sum(len(t.history) for s in searches for t in s.trials):,} epochs")
    subject = subject_of(searches)
    timed("both tables", lambda: (trials_frame(searches, subject), steps_frame(searches, subject)))
    timed("evidence (tables and statistics)", gather, searches)
    with tempfile.TemporaryDirectory() as folder:
        timed("all of it, with texts and figures", write_comparison, searches, Path(folder))
    # Kilobytes on Linux.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{'highest memory of the process':36} {memory:6.2f} GiB")


if __name__ == "__main__":
    main()
