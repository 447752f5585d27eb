"""`fashion-wb worker`."""

from __future__ import annotations

import sys
from typing import Any

import click

from fashion_wb.commands.options import WORKERS, plan_slots, slot_options
from fashion_wb.commands.values import Number


@click.command()
@click.argument("rendezvous", metavar="FILE|ADDRESS")
@click.option(
    "--wait",
    type=Number(min=0),
    default=300.0,
    show_default=True,
    help="Seconds to wait for a controller, at first and after one has gone.",
)
@click.option(
    "--grace",
    type=Number(min=0),
    default=20.0,
    show_default=True,
    help="Seconds that running trials may still take after SIGTERM. Then they are stopped, and run again "
    "elsewhere.",
)
@click.option(
    "--time-left",
    type=Number(min=0),
    help="Seconds that this machine is yours. The worker takes no trial that would not fit, by the longest "
    "one so far, and leaves in time.  [default: what Slurm says, if it is a Slurm job]",
)
@WORKERS
@slot_options
def worker(rendezvous: str, wait: float, grace: float, time_left: float | None, **options: Any) -> None:
    """Run trials of a sweep that another machine controls.

    FILE is the file that fashion-wb sweep --executor dask names. Start the worker in the folder that holds
    the sweep's program.
    """
    from fashion_wb.executors.dask_cluster.options import check_installed

    check_installed()
    from fashion_wb.executors.dask_cluster.time_limit import end_after
    from fashion_wb.executors.dask_cluster.worker import run_worker

    run_worker(rendezvous, plan_slots(options), wait, grace, end_after(time_left), sys.stderr)
