"""Report page: a template filled from the evidence, with everything it needs inside."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analysis.evidence import Evidence
from analysis.html_report.cells import count_range, intervals_text, number
from analysis.html_report.charts.curves import has_band, random_sentence
from analysis.html_report.charts.style import method_marks
from analysis.html_report.conditions import conditions_shown
from analysis.html_report.figure_set import figure_set
from analysis.html_report.headline import headline, statements, study_size
from analysis.html_report.limits import limits
from analysis.html_report.pairs import pair_matrix, pairs_table
from analysis.html_report.tables import audit_table, cost_table, quality_table, results_table, winners_table
from analysis.html_report.trial_table import trial_table
from analysis.html_report.vega_bundle import vega_bundle
from analysis.statistics.incumbents.curves import AXES
from analysis.statistics.pairwise import MIN_REPLICATES
from analysis.statistics.verdicts import RETRAINED
from analysis.tables.importance_text import importance_reading, pareto_reading

TITLE = "Which hyperparameter search?"


def render(
    evidence: Evidence, conditions: Mapping[str, Any] | None = None, left_out: Sequence[str] = ()
) -> str:
    """Make the HTML page; the same evidence gives the same page.

    Args:
        evidence: of at least one trial.
        conditions: machine, versions, budget and seeds as `fashion_wb.study.conditions` records them; None
            if they were not recorded.
        left_out: sentences on what could not be read.
    """
    marks = method_marks(evidence.methods)
    drawn = figure_set(evidence, marks)
    figures = drawn.specs
    extras = []
    for i, extra in enumerate(evidence.extras):
        charts = {f"extra-{i}-{j}": spec for j, spec in enumerate(extra.charts())}
        figures |= charts
        extras.append((extra, list(charts)))
    return _template().render(
        title=TITLE,
        evidence=evidence,
        subject=evidence.subject,
        number=number,
        paired=(conditions or {}).get("paired", True),
        final_command=(conditions or {}).get("final_command"),
        marks=marks,
        figures=figures,
        headline=headline(evidence),
        study_size=study_size(evidence),
        statements=statements(evidence),
        axes=[axis for axis in AXES if f"curves-{axis}" in figures],
        band=has_band(evidence.curves["trials"]),
        n=count_range(one.searches for one in evidence.finals),
        random_sentence=random_sentence(evidence.random_band, evidence.subject, evidence.form),
        medians=intervals_text(one.median for one in evidence.finals),
        results_table=results_table(evidence),
        cost_table=cost_table(evidence),
        retrained=any(one.endpoint == RETRAINED for one in evidence.verdicts),
        matrix=pair_matrix(evidence.methods, evidence.verdicts, evidence.subject, evidence.form),
        pairs_table=pairs_table(evidence.verdicts, evidence.subject, evidence.form)
        if _tested(evidence)
        else None,
        winners_table=winners_table(evidence) if evidence.winners else None,
        panels=drawn.panels,
        slices=drawn.slices,
        parallel_note=drawn.parallel_note,
        importance=importance_reading(evidence),
        pareto=pareto_reading(evidence),
        extras=extras,
        audit_table=audit_table(evidence) if evidence.audit else None,
        stopped=bool((evidence.trials["state"] == "stopped").any()),
        quality_table=quality_table(evidence),
        trials=trial_table(evidence),
        conditions=conditions_shown(conditions),
        limits=limits(evidence, conditions, left_out),
    )


def _tested(evidence: Evidence) -> bool:
    return any(one.pair.n >= MIN_REPLICATES for one in evidence.verdicts)


@functools.cache
def _template() -> Template:
    """Load the template. It escapes everything but our own files: names of runs and methods are user text."""
    loader = PackageLoader("analysis.html_report", "template")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"template_file": _template_file, "vega": _vega}
    return environment.get_template("report.html")


def _template_file(name: str) -> Markup:
    return Markup((Path(__file__).parent / "template" / name).read_text(encoding="utf-8"))


def _vega() -> Markup:
    """Give the Vega libraries, with nothing in them that would end the script element."""
    return Markup(vega_bundle().replace("</script", r"<\/script").replace("<!--", r"\x3c!--"))
