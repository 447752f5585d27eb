"""Check that the compiled kernels learn what PyTorch learns: losses and accuracies over many seeds.

    .venv/bin/python benchmarks/accuracy.py [--seeds 40] [--filters 3,9,15] [--epochs 2] [--limit N]

Both train from the same seeds, two trials at once, and are measured on the validation split. Prints the mean
and standard deviation of each, the mean difference per seed with Student's 95% interval, and the p-value of a
Kolmogorov-Smirnov test between the even seeds of the kernels and the odd seeds of PyTorch, which are
independent.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
from collections.abc import Sequence

import click
from measure import machine
from scipy import stats

LR = 1e-3
WAYS = {"compiled": "0", "pytorch": "1"}  # NUMBA_DISABLE_JIT
MEASURES = ("valid_loss", "valid_accuracy")


def final(filters: int, epochs: int, seed: int, limit: int | None) -> tuple[float, float]:
    """Train, and return validation loss and accuracy after the last epoch."""
    import torch

    from fashion_wb.cnn.config import TrainConfig
    from fashion_wb.cnn.data.dataset import load
    from fashion_wb.cnn.training import train, use_one_thread

    use_one_thread()
    config = TrainConfig(filters=filters, lr=LR, epochs=epochs, seed=seed)
    *_, last = train(config, load(0, limit=limit), torch.device("cpu"))
    return last.valid_loss, last.valid_accuracy


def _use(way: str) -> None:
    os.environ["NUMBA_DISABLE_JIT"] = WAYS[way]  # numba reads it when it is imported


def finals(way: str, filters: int, epochs: int, seeds: int, limit: int | None) -> list[tuple[float, float]]:
    """Return the final loss and accuracy of each seed from 0."""
    context = multiprocessing.get_context("forkserver")  # its processes need not import torch again
    context.set_forkserver_preload(["torch"])
    with context.Pool(2, initializer=_use, initargs=(way,)) as pool:
        return pool.starmap(final, [(filters, epochs, seed, limit) for seed in range(seeds)], chunksize=1)


def describe(filters: int, measure: str, compiled: Sequence[float], pytorch: Sequence[float]) -> str:
    """Format a row of the table."""
    differences = [one - other for one, other in zip(compiled, pytorch, strict=True)]
    mean = statistics.mean(differences)
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    both = (f"{statistics.mean(side):.5f} ({statistics.stdev(side):.5f})" for side in (compiled, pytorch))
    apart = f"{mean:+.5f} ({mean - half:+.5f} to {mean + half:+.5f})"
    chance = stats.ks_2samp(compiled[::2], pytorch[1::2]).pvalue
    return f"{filters:>7}  {measure:<15} {'  '.join(both)}  {apart}  {chance:.2f}"


@click.command()
@click.option("--seeds", type=click.IntRange(min=4), default=40, show_default=True)
@click.option("--filters", "sizes", default="3,9,15", show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--limit", type=int, default=None, help="Training images instead of 50,000.")
def main(seeds: int, sizes: str, epochs: int, limit: int | None) -> None:
    """Measure and print."""
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{seeds} seeds of {epochs} epochs, {limit or 50_000:,} training images, lr {LR:g}")
    title = f"{'filters':>7}  {'':<15} {'compiled (sd)':<17}  {'PyTorch (sd)':<17}"
    print(f"{title}  compiled - PyTorch, 95%            KS p")
    for filters in map(int, sizes.split(",")):
        found = [finals(way, filters, epochs, seeds, limit) for way in WAYS]
        for place, measure in enumerate(MEASURES):
            columns = [[values[place] for values in side] for side in found]
            print(describe(filters, measure, *columns), flush=True)
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
