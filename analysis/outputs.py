"""The comparison on disk: tables, text and pictures in one folder."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.comparison import compare, to_markdown, to_text, verdict
from analysis.table import SearchRecord, epochs_frame, trials_frame
from analysis.tablefile import write_csv
from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text

NAMES = ("trials.csv", "comparison.csv", "comparison.md", "incumbent.png", "accuracy.png", "seconds.png")


def write_comparison(
    searches: Sequence[SearchRecord], out: Path, width: int = 100, left_out: Sequence[str] = ()
) -> str:
    """Write the files NAMES into `out`, which is created, and return the text to print.

    Args:
        searches: at least one, with at least one trial between them.
        out: a folder; files of these names in it are replaced.
        width: columns of the text.
        left_out: sentences on what could not be compared, for the end of the text.

    Raises:
        FashionWbError: nothing to compare, a search given twice, or `out` cannot be written.
    """
    _check(searches)
    trials = trials_frame(searches)
    comparison = compare(trials)
    statement = " ".join([verdict(trials), *_without_trials(searches), *left_out])
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_csv(trials, out / "trials.csv")
        write_csv(comparison, out / "comparison.csv", decimals={"seconds": 3})
        write_text(to_markdown(comparison, statement), out / "comparison.md")
        _write_pictures(trials, comparison, epochs_frame(searches), out)
    except OSError as error:
        raise FashionWbError(f"{out}: cannot write the comparison: {error.strerror or error}") from error
    files = textwrap.fill(f"Written to {out}: {', '.join(NAMES)}", width, break_on_hyphens=False)
    return f"{to_text(comparison, width)}\n{textwrap.fill(statement, width)}\n\n{files}\n"


def _check(searches: Sequence[SearchRecord]) -> None:
    if not searches:
        raise FashionWbError("no searches to compare: run a sweep first, or name a folder that holds one")
    if not any(search.trials for search in searches):
        names = ", ".join(f"{search.method} ({search.sweep})" for search in searches)
        raise FashionWbError(f"no trials to compare in {names}: run the sweep until a trial has ended")
    seen = set()
    for search in searches:
        key = (search.method, search.sweep)
        if key in seen:
            raise FashionWbError(f"{search.method} ({search.sweep}) is given twice: name each search once")
        seen.add(key)


def _without_trials(searches: Sequence[SearchRecord]) -> list[str]:
    empty = [f"{search.method} ({search.sweep})" for search in searches if not search.trials]
    return [f"Without any trial, and so not compared: {', '.join(empty)}."] if empty else []


def _write_pictures(trials: pd.DataFrame, comparison: pd.DataFrame, epochs: pd.DataFrame, out: Path) -> None:
    # Imported here so that the tables alone do without matplotlib.
    from analysis import figures, panels

    figures.save(figures.incumbent_figure(epochs), out / "incumbent.png")
    figures.save(panels.accuracy_figure(trials), out / "accuracy.png")
    figures.save(figures.seconds_figure(comparison), out / "seconds.png")
