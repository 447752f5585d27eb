"""The figures, tables and sentences of one sweep, or of sweeps that are compared, as parts of the page."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template

from analysis.evidence import Evidence, gather
from analysis.html_report.cells import number
from analysis.html_report.charts.contour import contour_spec
from analysis.html_report.charts.history import MAX_DOTS, history_spec
from analysis.html_report.charts.learning_curves import MAX_CURVES, TrialCurve, learning_curves_spec
from analysis.html_report.charts.style import method_marks
from analysis.html_report.charts.timeline import MAX_BARS, timeline_spec
from analysis.html_report.conditions import conditions_shown
from analysis.html_report.figure_set import figure_set
from analysis.html_report.headline import headline, statements, study_size
from analysis.html_report.limits import limits
from analysis.html_report.pairs import pair_matrix
from analysis.html_report.tables import audit_table, results_table, winners_table
from analysis.sources.local import rerun_records
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import RETRAINED
from analysis.tables.importance_text import importance_reading
from analysis.view.overview import best
from analysis.view.rows import curve
from analysis.view.watched import LocalSweep, Watched, record_of
from fashion_wb.errors import FashionWbError
from fashion_wb.study.conditions import read_conditions
from fashion_wb.study.plan import method_order
from fashion_wb.study.reported import reported

_CURVE_POINTS = 60
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scope:
    """Part of a page.

    Attributes:
        html: its text and tables, with a place for every figure; names in it are escaped.
        figures: Vega-Lite specifications by name.
    """

    html: str
    figures: Mapping[str, Any]


def make_scope(sweeps: Sequence[Watched], rows: Mapping[str, Mapping[str, Row]], study: Path | None) -> Scope:
    """Make the parts of the page on `sweeps`.

    Args:
        sweeps: one, or several that are compared.
        rows: by key of a sweep, its trials by `rows.trial_row`.
        study: the folder of the study that all of them are in; None if there is none.
    """
    known = [sweep for sweep in sweeps if sweep.metric is not None and sweep.trials]
    if not known:
        return Scope(_template().render(kind="empty", troubles=[]), {})
    # Sweeps of another objective cannot be compared; the first one decides.
    alike = [sweep for sweep in known if sweep.metric == known[0].metric]
    alike.sort(key=lambda sweep: method_order(sweep.name.rpartition("-r")[0] or sweep.name))
    try:
        conditions = None if study is None else read_conditions(study)
        evidence = _evidence(alike, conditions)
    except FashionWbError as error:
        return Scope(_template().render(kind="empty", troubles=[str(error)]), {})
    return _rendered(alike, evidence, conditions, rows, len(known) - len(alike))


def _evidence(sweeps: Sequence[Watched], conditions: Mapping[str, Any] | None) -> Evidence:
    wanted = reported(conditions)
    records = [record for sweep in sweeps if (record := record_of(sweep)) is not None]
    folders = [sweep.folder for sweep in sweeps if isinstance(sweep, LocalSweep)]
    winners, audits = rerun_records(folders, wanted.final)
    return gather(records, winners, audits, reported=wanted)


def _rendered(
    sweeps: Sequence[Watched],
    evidence: Evidence,
    conditions: Mapping[str, Any] | None,
    rows: Mapping[str, Mapping[str, Row]],
    others: int,
) -> Scope:
    marks = method_marks(evidence.methods)
    drawn = figure_set(evidence, marks)
    every = [row for sweep in sweeps for row in tuple(rows[sweep.key].values())]
    figures: dict[str, Any] = {**drawn.specs}
    figures["history"] = history_spec(every, marks, evidence.subject, evidence.form)
    figures["timeline"] = timeline_spec(every, time.time())
    figures["learning-curves"] = learning_curves_spec(_curves(sweeps, rows), evidence.subject, evidence.form)
    contour = contour_spec(evidence)
    if contour is not None:
        figures["contour"] = contour[0]
    figures = {name: spec for name, spec in figures.items() if spec is not None}
    several = len(sweeps) > 1
    tested = any(one.pair.n >= MIN_REPLICATES for one in evidence.verdicts)
    html = _template().render(
        kind="comparison" if several else "sweep",
        figures=figures,
        evidence=evidence,
        subject=evidence.subject,
        number=number,
        marks=marks,
        headline=headline(evidence),
        study_size=study_size(evidence),
        statements=statements(evidence),
        results_table=results_table(evidence),
        matrix=pair_matrix(evidence.methods, evidence.verdicts, evidence.subject, evidence.form)
        if tested
        else None,
        retrained=any(one.endpoint == RETRAINED for one in evidence.verdicts),
        winners_table=winners_table(evidence) if evidence.winners else None,
        audit_table=audit_table(evidence) if evidence.audit else None,
        slices=drawn.slices,
        parallel_note=drawn.parallel_note,
        contour=contour[1] if contour is not None else (),
        importance=importance_reading(evidence),
        conditions=conditions_shown(conditions),
        limits=limits(evidence, conditions),
        others=others,
        drawn=_drawn(len(every)),
    )
    return Scope(html, figures)


def _drawn(total: int) -> dict[str, str]:
    """Say, for figures that do not draw all of `total` trials, how many they draw."""
    limits = {"history": MAX_DOTS, "learning-curves": MAX_CURVES, "timeline": MAX_BARS}
    which = {"history": "about", "learning-curves": "the best and the last", "timeline": "the last"}
    return {
        name: f" Drawn: {which[name]} {most:,} of {total:,} trials." if total > most else ""
        for name, most in limits.items()
    }


def _curves(sweeps: Sequence[Watched], rows: Mapping[str, Mapping[str, Row]]) -> list[TrialCurve]:
    winner = best(sweeps[0], (row for sweep in sweeps for row in tuple(rows[sweep.key].values())))
    best_run = None if winner is None else (winner["sweep"], winner["run"])
    found = []
    for sweep in sweeps:
        # A copy: the watch's thread may add trials meanwhile.
        trials = [seen.trial for seen in tuple(sweep.trials.values())]
        for trial in sorted(trials, key=lambda trial: trial.number):
            points = curve(trial, sweep.metric, _CURVE_POINTS)
            state = "best" if (sweep.key, trial.run_id) == best_run else str(trial.state)
            stop = None if trial.stop is None else (float(trial.stop.rung), float(trial.stop.threshold))
            if points:
                found.append(TrialCurve(trial.run_id, state, points, stop))
    return found


@functools.cache
def _template() -> Template:
    """Load the template. It escapes everything but our own files: names of runs are anybody's text."""
    loader = ChoiceLoader(
        [PackageLoader("analysis.view", "page"), PackageLoader("analysis.html_report", "template")]
    )
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("scope.html")
