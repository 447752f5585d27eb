"""The places of sweeps that a command was given: folders of offline sweeps, and paths on W&B's server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from analysis.records.search import SearchRecord
from analysis.records.sweep import SweepRecord
from analysis.sources.local import sweep_record
from fashion_wb.errors import FashionWbError
from fashion_wb.server.path import WandbPath, parse_path
from fashion_wb.sweep_folder.opening import find_sweep_dirs


def parse_place(source: str | Path) -> Path | WandbPath:
    """Return the folder, or else the path on W&B's server, that `source` names.

    Raises:
        FashionWbError: it is neither.
    """
    folder, text = Path(source), str(source)
    if folder.is_dir():
        return folder
    if isinstance(source, Path) or text.startswith((".", "/", "~")) or "/" not in text.strip("/"):
        raise FashionWbError(f"{text}: no such folder; for a project on W&B's server, give ENTITY/PROJECT")
    try:
        return parse_path(text)
    except FashionWbError as error:
        raise FashionWbError(f"{error}, or a folder of offline sweeps") from None


def pull_searches(places: Sequence[Path | WandbPath], stream: TextIO) -> tuple[list[SearchRecord], list[str]]:
    """Pull the searches at those places that are on W&B's server; progress goes to `stream`.

    Returns:
        The searches to compare, and a sentence for each kind of contents that cannot be compared.

    Raises:
        FashionWbError: as `remote.search_records`.
    """
    paths = [place for place in places if isinstance(place, WandbPath)]
    if not paths:
        return [], []
    from analysis.sources.remote import search_records
    from fashion_wb.server.connection import connect

    server = connect()
    pulled = [search_records(server, path, stream) for path in paths]
    return (
        [search for found in pulled for search in found.searches],
        [text for found in pulled for text in found.left_out],
    )


def read_sweeps(places: Sequence[Path | WandbPath], stream: TextIO) -> tuple[list[SweepRecord], list[str]]:
    """Read every sweep at some places, in the order of the places; progress of requests goes to `stream`.

    Returns:
        The sweeps, and a sentence for each kind of runs on the server that belong to none.

    Raises:
        FashionWbError: a place has no sweep, one is given twice, a log is damaged, or the server does not
            answer.
    """
    sweeps: list[SweepRecord] = []
    outside: list[str] = []
    for place in places:
        if isinstance(place, Path):
            sweeps += [sweep_record(folder) for folder in find_sweep_dirs(place)]
        else:
            # Not at the top: they import wandb, which takes a second.
            from analysis.sources.remote import sweep_records
            from fashion_wb.server.connection import connect

            found, sentences = sweep_records(connect(), place, stream)
            sweeps += found
            outside += sentences
    seen: set[tuple[str, str]] = set()
    for sweep in sweeps:
        if (sweep.name, sweep.sweep) in seen:
            raise FashionWbError(f"{sweep.name} ({sweep.sweep}) is given twice: name each sweep once")
        seen.add((sweep.name, sweep.sweep))
    return sweeps, outside
