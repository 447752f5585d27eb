"""The option --view: the live page, served by a process of its own while a command runs."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

VIEW = click.option(
    "--view",
    "with_view",
    is_flag=True,
    help="Serve the live page of `fashion-wb view` while this command runs.",
)
_PATIENCE = 5.0


@contextlib.contextmanager
def viewing(folder: Path, wanted: bool) -> Iterator[None]:
    """Serve the live page of `folder` inside the block, if it is `wanted`; the folder is made if needed."""
    if not wanted:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    code = "from fashion_wb.cli import main; main()"
    command = [sys.executable, "-c", code, "view", str(folder.resolve()), "--beside"]
    # Its standard input closes when this process ends, however that happens; the page ends then too.
    page = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        assert page.stdin is not None
        page.stdin.close()
        try:
            page.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            page.kill()
            page.wait()
        again = shlex.join(["fashion-wb", "view", str(folder)])
        click.echo(f"The live page has ended; to look again: {again}", err=True)
