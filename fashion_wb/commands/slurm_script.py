"""`fashion-wb slurm-script`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from fashion_wb.commands.options import PATH, POSITIVE, SEED, load_sweep
from fashion_wb.commands.values import CommandText
from fashion_wb.errors import FashionWbError

# As sbatch takes it: minutes, [hours:]minutes:seconds, or days-hours[:minutes[:seconds]].
_TIME = re.compile(r"\d+(:\d+){0,2}|\d+-\d+(:\d+){0,2}")


@click.command("slurm-script")
@click.argument("file", type=PATH)
@click.option("--nodes", type=POSITIVE, default=1, show_default=True, help="Number of nodes.")
@click.option("--time", default="1:00:00", show_default=True, help="Time limit of the job.")
@click.option("--count", type=POSITIVE, help="As for fashion-wb sweep.")
@click.option("--parallel", type=POSITIVE, help="As for fashion-wb sweep.")
@click.option("--seed", type=SEED, help="As for fashion-wb sweep.")
@click.option(
    "--dir", "directory", type=PATH, default=Path("runs"), show_default=True, help="Folder of runs."
)
@click.option(
    "--sbatch", "more", multiple=True, metavar="OPTION", help="A further option, such as --partition=gpu."
)
@click.option(
    "--worker-options",
    type=CommandText(),
    default="",
    metavar="OPTIONS",
    help='For fashion-wb worker, such as "--gpus all".',
)
@click.option(
    "--array",
    is_flag=True,
    help="Print a script for an array of workers only. They join a sweep that runs elsewhere, as nodes are "
    "free.",
)
def slurm_script(
    file: Path,
    nodes: int,
    time: str,
    count: int | None,
    parallel: int | None,
    seed: int | None,
    directory: Path,
    more: tuple[str, ...],
    worker_options: str,
    array: bool,
) -> None:
    """Print a job script for Slurm that runs the W&B sweep file FILE on several nodes.

    Submit it with sbatch, in the folder where you would start the sweep. Submit it again to continue.
    """
    from fashion_wb.executors.dask_cluster.options import RENDEZVOUS
    from fashion_wb.executors.dask_cluster.slurm import Job, sweep_script, worker_array_script

    if not _TIME.fullmatch(time):
        raise FashionWbError(f"--time must be as Slurm writes it, such as 30, 1:00:00 or 1-12; got {time!r}")
    wrong = [option for option in more if not re.fullmatch(r"-[^\n]+", option)]
    if wrong:
        raise FashionWbError(f"--sbatch must be an option such as --partition=gpu, got {wrong[0]!r}")
    load_sweep(file)
    job = Job(file.stem, nodes, time, more, shlex.split(worker_options))
    rendezvous = str(directory / file.stem / RENDEZVOUS)
    if array:
        click.echo(worker_array_script(job, rendezvous))
        return
    given = {"--count": count, "--parallel": parallel, "--seed": seed}
    options = [text for name, value in given.items() if value is not None for text in (name, str(value))]
    command = ["fashion-wb", "sweep", str(file), "--executor", "dask", "--dir", str(directory), *options]
    click.echo(sweep_script(job, command, rendezvous))
