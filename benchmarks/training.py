"""Time a training epoch with every core busy: ours, Ray Tune, a DataLoader loop, and the bare computation.

    .venv/bin/python benchmarks/training.py [--rounds 3] [--filters 3,9,15] [--no-ray] [--limit N]

Two single-threaded processes train at once, one epoch each of 50,000 training and 10,000 validation images
(or --limit and a fifth of it) at batch size 64. In a round the contestants follow each other, in a
different order each round:

    ray      Ray Tune, one trial per core, the course's data streamer, the plain module, loss.item() each step
    loader   torchvision's data set and DataLoader, the same module and loop
    stock    PyTorch alone: forward, backward and step of our model on tensors that are already there
    bare     the same with the compiled (numba) kernels: the cost without data, bookkeeping and logging
    ours     fashion_wb.cnn.training with train.py's W&B logging, offline

stock and bare repeat one batch for as many steps as an epoch has, then evaluate. On top of that, ours draws
and gathers the batches, asks whether to stop, sums and checks the loss, and logs to W&B.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing.synchronize import Barrier
from typing import Any

import click
from measure import machine, ratios, ray_tune, spread
from rivals import ROOT, loader_epochs

sys.path.insert(0, str(ROOT))

PROCESSES = 2
LR = 1e-3


def ours(filters: int, limit: int | None) -> Iterator[float]:
    """Time epochs as train.py runs them, including W&B."""
    import torch
    import wandb

    from fashion_wb.cnn.config import TrainConfig
    from fashion_wb.cnn.data.dataset import load
    from fashion_wb.cnn.training import train
    from train import log_epoch

    config = TrainConfig(filters=filters, lr=LR)
    with tempfile.TemporaryDirectory() as folder:
        run = wandb.init(project="benchmark", mode="offline", dir=folder, settings={"silent": True})
        began = time.perf_counter()
        for record in train(config, load(0, limit=limit), torch.device("cpu")):
            log_epoch(run, record, record)
            now = time.perf_counter()
            yield now - began
            began = now


def loader(filters: int, limit: int | None) -> Iterator[float]:
    """Time epochs of the usual loop."""
    return (record["seconds"] for record in loader_epochs(filters, LR, 10, limit))


def _steps(filters: int, limit: int | None, backend_class: str) -> Iterator[float]:
    import torch

    from fashion_wb.cnn import backend
    from fashion_wb.cnn.config import TrainConfig
    from fashion_wb.cnn.data.dataset import load
    from fashion_wb.cnn.model import build_model
    from fashion_wb.cnn.training import keep_freed_memory

    keep_freed_memory()
    data, config = load(0, limit=limit), TrainConfig(filters=filters, lr=LR)
    chosen = getattr(backend, backend_class)(build_model(config, torch.device("cpu")), LR)
    same_batch = torch.arange(len(data.train)) % config.batch_size
    while True:
        began = time.perf_counter()
        chosen.train(data.train, same_batch, config.batch_size)
        chosen.evaluate(data.valid)
        yield time.perf_counter() - began


def stock(filters: int, limit: int | None) -> Iterator[float]:
    """Time PyTorch alone."""
    return _steps(filters, limit, "TorchBackend")


def bare(filters: int, limit: int | None) -> Iterator[float]:
    """Time the compiled kernels alone."""
    return _steps(filters, limit, "CompiledBackend")


LOCAL: dict[str, tuple[Callable[[int, int | None], Iterator[float]], int, int]] = {
    # With the number of epochs to warm up, and the number to time.
    "loader": (loader, 0, 1),
    "stock": (stock, 1, 1),
    "bare": (bare, 1, 5),
    "ours": (ours, 1, 5),
}


def _work(name: str, filters: int, limit: int | None, barrier: Barrier, results: Any) -> None:
    import torch

    torch.set_num_threads(1)
    contestant, warm_up, count = LOCAL[name]
    epochs = contestant(filters, limit)
    for _ in range(warm_up):
        next(epochs)
    barrier.wait()
    results.put(statistics.median(islice(epochs, count)))


def epoch_seconds(name: str, filters: int, limit: int | None) -> float:
    """Return seconds per epoch, the mean over the processes that train at once."""
    if name == "ray":
        command = ["epochs", "--filters", filters, "--epochs", 1]
        trials = ray_tune(*command, *(() if limit is None else ("--limit", limit)))
        return statistics.mean(statistics.median(seconds) for seconds in trials)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(PROCESSES), context.SimpleQueue()
    arguments = (name, filters, limit, barrier, results)
    workers = [context.Process(target=_work, args=arguments) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            raise click.ClickException(f"{name} failed")
    return statistics.mean(results.get() for _ in workers)


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--filters", "sizes", default="3,9,15", show_default=True)
@click.option("--limit", type=int, default=None, help="Training images instead of 50,000.")
@click.option("--ray/--no-ray", default=True, help="Whether to run Ray Tune too.")
def main(rounds: int, sizes: str, limit: int | None, ray: bool) -> None:
    """Measure and print."""
    os.environ["OMP_NUM_THREADS"] = "1"
    names = [*(["ray"] if ray else []), *LOCAL]
    print(f"n = {rounds} rounds, {PROCESSES} processes at once, {limit or 50_000:,} training images an epoch")
    for filters in map(int, sizes.split(",")):
        found: dict[str, list[float]] = {name: [] for name in names}
        for number in range(rounds):
            for name in names[number % len(names) :] + names[: number % len(names)]:
                found[name].append(epoch_seconds(name, filters, limit))
                click.echo(f"{filters} filters, {name}: {found[name][-1]:.3f} s", err=True)
        print(f"\n{filters} filters  {'seconds an epoch':<28} {'trial-epochs/s':>14}   times ours (range)")
        for name in names:
            rate = PROCESSES / statistics.median(found[name])
            against = spread(ratios(found[name], found["ours"]), 2)
            print(f"{name:<10}  {spread(found[name]):<28} {rate:>14.2f}   {against}")
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
