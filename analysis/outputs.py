"""Write the comparison to one folder: tables, text, figures and report."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.evidence import Evidence, gather
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from analysis.tables.comparison import to_markdown, to_text, verdict
from analysis.tables.csv_file import write_csv
from analysis.tables.evidence_frames import finals_frame, pairs_frame, winners_frame
from analysis.tables.evidence_text import sections
from analysis.tables.importance_text import importance_frame
from analysis.tables.verdict_text import unpaired
from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.study.reported import NOTHING_MORE, Reported

# The files of every study; an extra may add figures.
OUTPUT_FILES = (
    *(
        "report.html",
        "trials.csv",
        "searches.csv",
        "comparison.csv",
        "finals.csv",
        "pairs.csv",
        "winners.csv",
    ),
    *("importance.csv", "pareto.csv", "comparison.md", "incumbent.png", "parameters.png", "seconds.png"),
)


def write_comparison(
    searches: Sequence[SearchRecord],
    out: Path,
    width: int = 100,
    left_out: Sequence[str] = (),
    retrained: Sequence[RetrainedWinner] = (),
    audited: Sequence[AuditedTrial] = (),
    conditions: Mapping[str, Any] | None = None,
    reported: Reported = NOTHING_MORE,
) -> str:
    """Write OUTPUT_FILES into folder `out`, and return the text to print.

    Args:
        searches: at least one, at least one of them with a trial.
        out: the folder; it is created if needed, and files with these names are replaced.
        width: columns of the text.
        left_out: sentences on what could not be compared, for the end of the text.
        retrained: the retrained winners of the searches.
        audited: their stopped trials that were trained to the end.
        conditions: machine, versions and budget, as `fashion_wb.study.conditions` records them, if known.
        reported: other values to report, and the margin of equivalence.

    Raises:
        FashionWbError: there is nothing to compare, a search is given twice, the searches have different
            objectives, or `out` cannot be written.
    """
    _check(searches)
    evidence = gather(searches, retrained, audited, reported=reported)
    if reported.own:
        # Imported here so that the studies of other models do not import it.
        from analysis.fashion_mnist.extra import hypothesis_extra

        evidence = replace(evidence, extras=(hypothesis_extra(evidence.trials),))
    absent = [*_without_trials(searches), *left_out]
    statement = " ".join([verdict(evidence), *unpaired(conditions), *absent])
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_tables(evidence, statement, out)
        _write_figures(evidence, out)
        _write_report(evidence, conditions, absent, out)
    except OSError as error:
        raise FashionWbError(f"{out}: cannot write the comparison: {error.strerror or error}") from error
    names = [*OUTPUT_FILES, *(name for extra in evidence.extras for name in extra.figures)]
    files = textwrap.fill(f"Written to {out}: {', '.join(names)}", width, break_on_hyphens=False)
    return f"{to_text(evidence, width)}\n{textwrap.fill(statement, width)}\n\n{files}\n"


def _check(searches: Sequence[SearchRecord]) -> None:
    if not searches:
        raise FashionWbError("no searches to compare: run a sweep first, or name a folder that holds one")
    if not any(search.trials for search in searches):
        names = ", ".join(f"{search.method} ({search.sweep})" for search in searches)
        raise FashionWbError(f"no trials to compare in {names}: run the sweep until a trial ends")
    seen = set()
    for search in searches:
        key = (search.method, search.sweep)
        if key in seen:
            raise FashionWbError(f"{search.method} ({search.sweep}) is given twice: name each search once")
        seen.add(key)


def _without_trials(searches: Sequence[SearchRecord]) -> list[str]:
    empty = [f"{search.method} ({search.sweep})" for search in searches if not search.trials]
    return [f"Searches without trials are not compared: {', '.join(empty)}."] if empty else []


def _write_tables(evidence: Evidence, statement: str, out: Path) -> None:
    write_csv(evidence.trials.drop(columns="minimised"), out / "trials.csv")
    write_csv(evidence.results, out / "searches.csv", decimals={"seconds": 3})
    write_csv(evidence.comparison, out / "comparison.csv", decimals={"seconds": 3})
    write_csv(finals_frame(evidence.finals), out / "finals.csv")
    write_csv(pairs_frame(evidence.verdicts), out / "pairs.csv")
    write_csv(winners_frame(evidence.winners or (), evidence.final), out / "winners.csv")
    write_csv(importance_frame(evidence.importances), out / "importance.csv")
    write_csv(evidence.fronts.points, out / "pareto.csv")
    write_text(to_markdown(evidence, statement, sections(evidence)), out / "comparison.md")


def _write_figures(evidence: Evidence, out: Path) -> None:
    # Imported here so that tables alone do not import matplotlib.
    from analysis.figures.curves import curves_figure
    from analysis.figures.incumbent import incumbent_figure
    from analysis.figures.seconds import seconds_figure
    from analysis.figures.style import save
    from analysis.figures.two_parameters import two_parameters_figure

    if any(curve.n > 1 for curve in evidence.curves["steps"]):
        incumbents = curves_figure(evidence.curves["steps"], evidence.subject)
    else:
        incumbents = incumbent_figure(evidence.steps, evidence.subject)
    save(incumbents, out / "incumbent.png")
    save(two_parameters_figure(evidence.trials, evidence.subject, evidence.shown), out / "parameters.png")
    save(seconds_figure(evidence.comparison, evidence.subject), out / "seconds.png")
    for extra in evidence.extras:
        for name, figure in extra.figures.items():
            save(figure(), out / name)


def _write_report(
    evidence: Evidence, conditions: Mapping[str, Any] | None, left_out: Sequence[str], out: Path
) -> None:
    # Imported here so that tables alone do not import altair.
    from analysis.html_report.page import render

    write_text(render(evidence, conditions, left_out), out / "report.html")
