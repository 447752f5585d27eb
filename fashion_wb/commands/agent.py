"""`fashion-wb agent`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fashion_wb.commands.options import COLD, DATA_DIR, POSITIVE, plan_slots, slot_options


@click.command()
@click.argument("sweep", metavar="ENTITY/PROJECT/SWEEP_ID")
@click.option(
    "--count",
    type=POSITIVE,
    help="Maximum number of trials that this agent starts. The sweep's run_cap applies as well.",
)
@click.option(
    "--workers", type=POSITIVE, default=1, show_default=True, help="Number of trials that run at once."
)
@slot_options
@DATA_DIR
@COLD
def agent(sweep: str, count: int | None, workers: int, cold: bool, **options: Any) -> None:
    """Run trials of a sweep on W&B's server.

    The agent works like `wandb agent`, but without its waiting times. Start it in the folder where you would
    start `wandb agent`. Several agents can share a sweep, on one machine or on several.
    """
    from fashion_wb.agent.start import AgentOptions, run_agent

    number = workers if count is None else min(workers, count)
    slots = plan_slots({**options, "workers": number})
    click.echo(run_agent(sweep, AgentOptions(Path.cwd(), slots, count, not cold), sys.stderr))
