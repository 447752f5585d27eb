"""`fashion-wb data`."""

from __future__ import annotations

from pathlib import Path

import click

from fashion_wb.commands.options import PATH


@click.command()
@click.option(
    "--data-dir",
    type=PATH,
    help="Folder of Fashion-MNIST; no other place is searched.  [default: FASHION_WB_DATA if set]",
)
def data(data_dir: Path | None) -> None:
    """Find Fashion-MNIST, download it if it is missing, and verify it."""
    from fashion_wb.cnn.data import locate

    click.echo(f"Fashion-MNIST, verified: {locate.ensure(data_dir)}")
