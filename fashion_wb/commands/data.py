"""`fashion-wb data`."""

from __future__ import annotations

from pathlib import Path

import click

from fashion_wb.commands.options import PATH


@click.command()
@click.option("--data-dir", type=PATH, help="Where to look first.  [default: FASHION_WB_DATA]")
def data(data_dir: Path | None) -> None:
    """Find or fetch Fashion-MNIST and verify it."""
    from fashion_wb.cnn.data import locate

    click.echo(f"Fashion-MNIST, verified: {locate.ensure(data_dir)}")
