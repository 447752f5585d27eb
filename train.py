"""Train the CNN once as a W&B run: the program of the sweeps, and a normal script.

    python train.py --filters 12 --lr 1.2e-3 --epochs 3

It works online, offline (WANDB_MODE=offline) and without W&B (WANDB_MODE=disabled). It uses the test images
only with --test, which is not allowed in a sweep.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import wandb

from fashion_wb.cnn import config as hyperparameters
from fashion_wb.cnn.checkpoint import Checkpoint, Progress, load_checkpoint, save_checkpoint
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import FashionMnist, load, load_test
from fashion_wb.cnn.training import BestWeights, EpochRecord, pick_device, train, use_one_thread
from fashion_wb.errors import FashionWbError

if TYPE_CHECKING:
    import torch

# Functions that sweeps of this program call; see fashion_wb/sweepfile/program.py.
SWEEP_HOOKS = {
    "parameters": "fashion_wb.cnn.config:PARAMETERS",
    "prepare": "fashion_wb.cnn.data.locate:ensure",
    "before_fork": "fashion_wb.cnn.training:before_fork",
    "conditions": "fashion_wb.cnn.config:conditions",
}
# W&B's exit code of a run that was stopped from outside.
STOPPED_EXIT_CODE = 255


class Checkpoints:
    """Keeps a checkpoint in the folder FASHION_WB_RESUME_DIR, if that is set; see docs/resume.md."""

    def __init__(self, config: dict[str, Any], weights: BestWeights | None) -> None:
        """Args: `config` is all that results depend on; `weights` are those of the best epoch, if kept."""
        name = os.environ.get("FASHION_WB_RESUME_DIR")
        self._folder = None if name is None else Path(name)
        self._weights = weights
        self._checkpoint = Checkpoint(config)
        if self._folder is not None:
            self._checkpoint, problem = load_checkpoint(self._folder, config)
            if problem:
                print(f"train.py: {problem}", file=sys.stderr)

    def go_on(
        self, config: TrainConfig, data: FashionMnist, device: torch.device, stop: Callable[[], bool]
    ) -> Iterator[EpochRecord]:
        """Yield the epochs that have ended already, then train the others, with a checkpoint after each."""
        saved, weights = self._checkpoint, self._weights
        progress = Progress(saved.training)
        if saved.best is not None and weights is not None:
            weights.restore(saved.best)
        yield from (EpochRecord(**row) for row in list(saved.rows))
        for record in train(config, data, device, stop, weights, progress):
            if self._folder is not None:
                saved.rows.append(asdict(record))
                saved.training = progress.state()
                saved.best = None if weights is None else weights.state()
                save_checkpoint(saved, self._folder)
            yield record


class StopRequest:
    """Records the first SIGTERM or Ctrl-C, so that the run can stop cleanly with everything it logged.

    A second signal interrupts immediately.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number

    def received(self) -> bool:
        """Tell whether a stop was requested."""
        return self.signal is not None


def parse_flags(arguments: list[str]) -> tuple[TrainConfig, bool]:
    """Parse the command line into a config and whether to test; exits with status 2 on a bad flag."""
    parser = argparse.ArgumentParser(
        prog="train.py", allow_abbrev=False, description="Train the CNN once on Fashion-MNIST as a W&B run."
    )
    defaults = TrainConfig()
    for name in hyperparameters.NAMES:
        limits, default = hyperparameters.bounds(name), getattr(defaults, name)
        text = f"{limits.help}, {limits.low:g} to {limits.high:g} (default {default:g})"
        parser.add_argument(f"--{name}", type=float, default=default, metavar="X", help=text)
    parser.add_argument(
        "--test",
        action="store_true",
        help="evaluate on the test images once, after training, with the weights of the epoch of lowest "
        "validation loss; for a configuration that is already chosen, never to choose one",
    )
    values = vars(parser.parse_args(arguments))
    test = values.pop("test")
    if test and "WANDB_SWEEP_ID" in os.environ:
        parser.error(
            "--test: not allowed in a sweep: a search must not see the images that its result is tested on"
        )
    try:
        return TrainConfig(**values), test
    except FashionWbError as error:
        parser.error(str(error))


def log_epoch(run: wandb.Run, record: EpochRecord, best: EpochRecord) -> None:
    """Log one epoch, then put the values of the best epoch into the summary.

    Some of W&B's sweep engines read the best value of the history, others the last value in the summary.
    This way both see the lowest validation loss so far.
    """
    run.log(asdict(record))
    run.summary.update(asdict(best))


def run_training(run: wandb.Run, flags: TrainConfig, test: bool, stop: StopRequest) -> None:
    """Train with the run's config, which in a sweep may differ from the flags; then test, if asked."""
    values = {name: run.config.get(name, getattr(flags, name)) for name in hyperparameters.NAMES}
    config = TrainConfig.from_mapping(values)
    limit = hyperparameters.images_limit()
    if limit is not None:
        run.config.update({"images_limit": limit})
    data = load(config.seed, limit=limit)
    device = pick_device()
    weights = BestWeights() if test else None
    checkpoints = Checkpoints({**asdict(config), "images_limit": limit, "test": test}, weights)
    # A run that W&B resumes has its rows; one that starts again under the same id is a new log without any.
    logged, best = run.starting_step, None
    for record in checkpoints.go_on(config, data, device, stop.received):
        if best is None or record.valid_loss < best.valid_loss:
            best = record
        if record.epoch > logged:
            log_epoch(run, record, best)
        if stop.received():
            return
    if weights is not None and not stop.received():
        run.summary.update(asdict(weights.test(config, load_test(), device)))


def die_by(number: int) -> NoReturn:
    """Exit as if the signal had not been caught, so that the sender sees that it worked."""
    sys.stdout.flush()
    sys.stderr.flush()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise SystemExit(STOPPED_EXIT_CODE)


def start_run(flags: TrainConfig) -> wandb.Run:
    """Start the W&B run, grouped by its sweep if it has one; WANDB_ environment variables take precedence."""
    sweep = os.environ.get("WANDB_SWEEP_ID")
    return wandb.init(
        config=asdict(flags),
        group=os.environ.get("WANDB_RUN_GROUP") or sweep,
        job_type=os.environ.get("WANDB_JOB_TYPE") or ("train" if sweep is None else "sweep"),
        tags=[*filter(None, os.environ.get("WANDB_TAGS", "").split(",")), "fashion-mnist"],
        # Records the commit of this code, wherever the run starts and stores its files.
        settings=wandb.Settings(git_root=str(Path(__file__).resolve().parent)),
    )


def main(arguments: list[str]) -> int:
    """Run the script; return 0, or 1 for a failed run. A run that a signal stopped dies by that signal."""
    flags, test = parse_flags(arguments)
    use_one_thread()
    stop = StopRequest()
    run = start_run(flags)
    run.define_metric("*", step_metric="epoch")
    try:
        run_training(run, flags, test, stop)
    except FashionWbError as error:
        run.summary["failure"] = str(error)
        run.finish(exit_code=1)
        print(f"train.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        stop.signal = stop.signal or signal.SIGINT
    if stop.signal is not None:
        run.finish(exit_code=STOPPED_EXIT_CODE)
        die_by(stop.signal)
    run.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
