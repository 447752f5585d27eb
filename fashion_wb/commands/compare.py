"""`fashion-wb compare`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from fashion_wb.commands.options import ALSO, MARGIN, PATH, joined_names
from fashion_wb.server.path import WandbPath
from fashion_wb.study.plan import method_order


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--out", type=PATH, default=Path("comparison"), show_default=True, help="Output folder.")
@ALSO
@MARGIN
def compare(
    sources: tuple[str, ...], out: Path, also: tuple[tuple[str, ...], ...], margin: float | None
) -> None:
    """Compare sweeps: write tables, figures and an HTML report.

    The report says which differences between the methods the data can show, and which it cannot. Each SOURCE
    is either a folder (with all offline sweeps in it or below it), or ENTITY/PROJECT or
    ENTITY/PROJECT/SWEEP_ID on W&B's server. You can mix both kinds.
    """
    from analysis.outputs import write_comparison
    from analysis.sources.local import rerun_records, search_record
    from analysis.sources.places import parse_place, pull_searches
    from fashion_wb.study.reported import reported
    from fashion_wb.sweep_folder.opening import find_sweep_dirs

    places = [parse_place(text) for text in sources]
    folders = [folder for place in places if isinstance(place, Path) for folder in find_sweep_dirs(place)]
    pulled, left_out = pull_searches(places, sys.stderr)
    searches = [search_record(folder) for folder in folders] + pulled
    searches.sort(key=lambda search: (method_order(search.method), search.replicate))
    conditions = _conditions(places)
    wanted = reported(conditions, joined_names(also), margin)
    winners, audits = rerun_records(folders, wanted.final)
    click.echo(
        write_comparison(
            searches,
            out,
            left_out=left_out,
            retrained=winners,
            audited=audits,
            conditions=conditions,
            reported=wanted,
        )
    )


def _conditions(sources: Sequence[Path | WandbPath]) -> dict[str, Any] | None:
    """Read the conditions of the study compared; None if the sources are not folders of one study."""
    from fashion_wb.study.conditions import common_conditions

    folders = [source for source in sources if isinstance(source, Path)]
    return common_conditions(folders) if len(folders) == len(sources) else None
