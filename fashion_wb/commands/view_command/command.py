"""`fashion-wb view`."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--text", is_flag=True, help="A live table in the terminal instead of a page.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on.  [default: a free one]",
)
@click.option("--beside", is_flag=True, hidden=True)
def view(sources: tuple[str, ...], text: bool, no_browser: bool, host: str, port: int, beside: bool) -> None:
    """Watch sweeps and studies while they run, or look at them later.

    Each SOURCE is a folder with sweeps in it or below it, or ENTITY/PROJECT on W&B's server. The page only
    reads: it never writes into a sweep. New sweeps appear by themselves.
    """
    from analysis.sources.places import parse_place
    from fashion_wb.server.path import WandbPath

    places = [parse_place(source) for source in sources]
    roots = [place for place in places if isinstance(place, Path)]
    projects = [place for place in places if isinstance(place, WandbPath)]
    if text:
        from analysis.view.text import show
        from fashion_wb.foreign_text import unguarded

        show(roots, projects, unguarded(sys.stdout))
        return
    from analysis.view.serve import serve

    serve(roots, projects, host, port, not no_browser, sys.stderr, beside)
