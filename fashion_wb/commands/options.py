"""Options shared by several commands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fashion_wb.commands.values import Number, Size

if TYPE_CHECKING:
    from fashion_wb.executors.slots import Slot
    from fashion_wb.offline.run import RunOptions
    from fashion_wb.sweepfile.sweep import Sweep

PATH = click.Path(path_type=Path)
POSITIVE = click.IntRange(min=1)
SEED = click.IntRange(min=0, max=2**31 - 1)


def _use_data_dir(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    # Passed in the environment, because trials are separate processes.
    if folder is not None:
        from fashion_wb.cnn.data.locate import ENVIRONMENT

        os.environ[ENVIRONMENT] = str(folder.resolve())


DATA_DIR = click.option(
    "--data-dir",
    type=PATH,
    callback=_use_data_dir,
    expose_value=False,
    help="Folder of Fashion-MNIST; no other place is searched.  [default: FASHION_WB_DATA if set]",
)
COLD = click.option(
    "--cold",
    is_flag=True,
    help="Start every trial as a fresh process, as wandb agent does. This is slower than the default, which "
    "forks trials from a process that has already imported the program's modules.",
)


def load_sweep(file: Path) -> Sweep:
    """Read and check a sweep file; print what its reader should know to stderr.

    Raises:
        FashionWbError: as `sweepfile.sweep.read_sweep`.
    """
    from fashion_wb.sweepfile.sweep import read_sweep

    sweep = read_sweep(file)
    for notice in sweep.notices:
        click.echo(notice, err=True)
    return sweep


class _Names(click.ParamType[tuple[str, ...]]):
    """Names, separated by commas; an option that takes them may also be repeated."""

    name = "NAME,..."

    def convert(
        self, value: str | tuple[str, ...], parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(name.strip() for name in value.split(",") if name.strip())


NAMES = _Names()


def joined_names(given: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """Join what a repeatable option of type NAMES was given, each name once, in order."""
    return tuple(dict.fromkeys(name for each in given for name in each))


ALSO = click.option(
    "--also",
    type=NAMES,
    multiple=True,
    help="Other logged values to report beside the metric. You can repeat it.  "
    "[default: those of the study, if any]",
)


MARGIN = click.option(
    "--margin",
    type=Number(min=0),
    help="Two methods are equivalent if their final results differ by less than this, in units of the "
    "metric. With 0 no pair is called equivalent: it is better, worse or undecided.  "
    "[default: 0.01 in the study of train.py, otherwise 0]",
)


def slot_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what each trial gets of this machine."""
    for option in (
        click.option(
            "--trials-per-gpu", type=POSITIVE, help="Trials that share one GPU.  [default: 1]  Needs --gpus."
        ),
        click.option("--gpus-per-trial", type=POSITIVE, help="GPUs of a trial.  [default: 1]  Needs --gpus."),
        click.option(
            "--gpus",
            metavar="all|0,2",
            help="Give each trial GPUs of its own among these: it sees no other. all means those of "
            "CUDA_VISIBLE_DEVICES, or of the machine.  [default: GPUs are not assigned]",
        ),
        click.option(
            "--cpus-per-trial",
            type=POSITIVE,
            help="Pin each trial to this many cores of its own, with as many threads.  "
            "[default: one thread, not pinned; with --gpus an equal share of the cores, pinned]",
        ),
    ):
        command = option(command)
    return command


WORKERS = click.option(
    "--workers",
    type=POSITIVE,
    help="Number of trials that run at once.  [default: as many as cores and GPUs allow]",
)


def trial_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that runs trials."""
    for option in (COLD, DATA_DIR, slot_options, WORKERS):
        command = option(command)
    return command


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that limit what one trial may take."""
    for option in (
        click.option(
            "--trial-memory",
            type=Size(),
            help="Memory that a trial may use, its child processes included, such as 4GiB or 500MB. One that "
            "uses more is killed; it has then failed. Linux only.  [default: no limit]",
        ),
        click.option(
            "--trial-timeout",
            type=Number(min=0, min_open=True),
            metavar="SECONDS",
            help="Seconds that a trial may run, from the start of its process. One that takes longer is "
            "killed; it has then failed.  [default: no limit]",
        ),
    ):
        command = option(command)
    return command


def cluster_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that can run trials on a cluster."""
    for option in (
        click.option(
            "--lost-after",
            type=Number(min=0, min_open=True),
            default=60.0,
            show_default=True,
            help="Seconds without an answer after which a machine counts as lost. Its trials start again "
            "elsewhere.",
        ),
        click.option(
            "--listen", metavar="ADDRESS", help="Address of this machine to listen on.  [default: all]"
        ),
        click.option(
            "--cluster",
            metavar="FILE|ADDRESS",
            help="Join a Dask scheduler that is running.  [default: start one here]",
        ),
        click.option(
            "--executor",
            type=click.Choice(["local", "dask"]),
            default="local",
            show_default=True,
            help="Where trials run: on this machine, or on every machine where fashion-wb worker runs.",
        ),
    ):
        command = option(command)
    return command


def search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that searches offline."""
    for option in (
        click.option(
            "--parallel",
            type=POSITIVE,
            help="Trials at once in each search, however many slots there are: suggestion K sees the results "
            "of trials 0 to K - N. With the same N, every machine gets the same suggestions.  [default: "
            "the number of slots; at most a fifth of the trials for a search that learns from results]",
            metavar="N",
        ),
        click.option(
            "--seed",
            type=SEED,
            default=0,
            show_default=True,
            help="Random seed.",
        ),
        click.option(
            "--patience",
            type=Number(min=0, min_open=True),
            default=1800.0,
            show_default=True,
            help="Seconds without a logged row after which a trial is killed as hung; it has then failed.",
        ),
    ):
        command = option(command)
    return trial_options(cluster_options(limit_options(command)))


def plan_slots(options: dict[str, Any]) -> tuple[Slot, ...]:
    """Take the options of `slot_options` and `--workers` out of `options`; return the slots they ask for.

    Raises:
        FashionWbError: the machine does not have them, or the options contradict each other.
    """
    from fashion_wb.executors import slots

    names = ("workers", "cpus_per_trial", "gpus", "gpus_per_trial", "trials_per_gpu")
    return slots.plan_slots(**{name: options.pop(name) for name in names})


def run_options(cwd: Path, folder: Path, options: dict[str, Any]) -> RunOptions:
    """Turn the options of `search_options`, without the seed, into `RunOptions`.

    Args:
        cwd: the directory that trials run in.
        folder: gets the rendezvous file of a cluster.
        options: the options; those used here are taken out.

    Raises:
        FashionWbError: as for `plan_slots`, or the options contradict each other.
    """
    from fashion_wb.errors import FashionWbError
    from fashion_wb.executors.dask_cluster.options import ClusterOptions, check_installed
    from fashion_wb.offline.run import RunOptions

    # Who gives a number of workers wants that many to work.
    held_back = options["workers"] is None
    slot_names = ("workers", "cpus_per_trial", "gpus", "gpus_per_trial", "trials_per_gpu")
    given = [f"--{name.replace('_', '-')}" for name in slot_names if options[name] is not None]
    on_cluster = options.pop("executor") == "dask"
    cluster = ClusterOptions(options.pop("cluster"), options.pop("listen"), options.pop("lost_after"))
    if not on_cluster and (cluster.running is not None or cluster.listen is not None):
        raise FashionWbError("--cluster and --listen need --executor dask")
    if on_cluster and given:
        raise FashionWbError(
            f"{', '.join(given)}: give it to fashion-wb worker, on the machine that it means"
        )
    slots, cold = plan_slots(options), options.pop("cold")
    if not on_cluster:
        return RunOptions(cwd, slots=slots, held_back=held_back, warm=not cold, **options)
    check_installed()
    # Absolute, because a study changes to the directory of its program.
    folder = folder.resolve()
    return RunOptions(cwd, slots=(), warm=not cold, cluster=cluster, cluster_folder=folder, **options)
