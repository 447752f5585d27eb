"""`fashion-wb agent`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fashion_wb.commands.options import DATA_DIR, POSITIVE


@click.command()
@click.argument("sweep", metavar="ENTITY/PROJECT/SWEEP_ID")
@click.option("--count", type=POSITIVE, help="Most trials by this agent; the sweep's run_cap holds as well.")
@click.option("--workers", type=POSITIVE, default=1, show_default=True, help="Trials at once.")
@DATA_DIR
@click.option("--cold", is_flag=True, help="Start each trial as a fresh process, as wandb agent does.")
def agent(sweep: str, count: int | None, workers: int, cold: bool) -> None:
    """Run trials of a sweep on W&B's server, as wandb agent does, without its waits.

    Start it where wandb agent would be started, on as many machines as you like.
    """
    from fashion_wb.agent.start import AgentOptions, run_agent

    options = AgentOptions(Path.cwd(), workers, count, not cold)
    click.echo(run_agent(sweep, options, sys.stderr))
