"""`fashion-wb compare`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fashion_wb.commands.options import PATH
from fashion_wb.errors import FashionWbError
from fashion_wb.study import method_order
from fashion_wb.wandbpath import WandbPath, parse_path

if TYPE_CHECKING:
    from analysis.table import SearchRecord


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--out", type=PATH, default=Path("comparison"), show_default=True, help="Where to write.")
def compare(sources: tuple[str, ...], out: Path) -> None:
    """Compare sweeps: tables, pictures, and what they can show.

    SOURCE is a folder, for the offline sweeps at or below it, or ENTITY/PROJECT or
    ENTITY/PROJECT/SWEEP_ID, for what W&B's server holds; any number of either.
    """
    from analysis.outputs import write_comparison

    searches, left_out = _read([_source(text) for text in sources])
    searches.sort(key=lambda search: method_order(search.method))
    click.echo(write_comparison(searches, out, left_out=left_out))


def _source(text: str) -> Path | WandbPath:
    folder = Path(text)
    if folder.is_dir():
        return folder
    if text.startswith((".", "/", "~")) or "/" not in text.strip("/"):
        raise FashionWbError(f"{text}: no such folder; on W&B's server, give ENTITY/PROJECT")
    try:
        return parse_path(text)
    except FashionWbError as error:
        raise FashionWbError(f"{error}, or a folder of offline sweeps") from None


def _read(sources: list[Path | WandbPath]) -> tuple[list[SearchRecord], list[str]]:
    from analysis.local import search_record
    from fashion_wb.sweepdir import find_sweep_dirs

    searches: list[SearchRecord] = []
    left_out: list[str] = []
    server = None
    for source in sources:
        if isinstance(source, Path):
            searches += [search_record(folder) for folder in find_sweep_dirs(source)]
            continue
        from analysis.remote import search_records
        from fashion_wb.server import connect

        server = server or connect()
        pulled = search_records(server, source, sys.stderr)
        searches += pulled.searches
        left_out += pulled.left_out
    return searches, left_out
