"""Report page: a template filled from the evidence, with everything it needs inside."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analysis.evidence import Evidence
from analysis.formatting import result_form
from analysis.html_report.cells import count_range, intervals_text, number
from analysis.html_report.charts.budget import gain_spec, rank_spec, reached_spec
from analysis.html_report.charts.curves import has_band, incumbent_spec, random_sentence
from analysis.html_report.charts.importance import importance_spec
from analysis.html_report.charts.parallel import parallel_spec
from analysis.html_report.charts.pareto import pareto_spec
from analysis.html_report.charts.scatters import result_panels
from analysis.html_report.charts.slices import slice_panels
from analysis.html_report.charts.strips import strip_spec
from analysis.html_report.charts.style import Mark, method_marks, short
from analysis.html_report.conditions import conditions_shown
from analysis.html_report.headline import headline, statements, study_size
from analysis.html_report.limits import limits
from analysis.html_report.pairs import pair_matrix, pairs_table
from analysis.html_report.tables import audit_table, cost_table, quality_table, results_table, winners_table
from analysis.html_report.trial_table import trial_table
from analysis.html_report.vega_bundle import vega_bundle
from analysis.statistics.incumbents.curves import AXES
from analysis.statistics.intervals import Estimate, median
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
    figures = _figures(evidence, marks)
    panels = result_panels(evidence, marks)
    for i, panel in enumerate(panels.panels if panels else ()):
        figures[f"space-{i}"] = panel.spec
    slices = slice_panels(evidence, marks)
    figures |= {f"slice-{i}": panel.spec for i, panel in enumerate(slices)}
    parallel = parallel_spec(evidence, marks)
    if parallel is not None:
        figures["parallel"] = parallel[0]
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
        panels=panels,
        slices=slices,
        parallel_note=parallel[1] if parallel else "",
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


def _figures(evidence: Evidence, marks: Sequence[Mark]) -> dict[str, dict[str, Any]]:
    """Make the specifications of all figures that have something to draw, by name."""
    subject, form = evidence.subject, evidence.form
    every = {f"curves-{axis}": incumbent_spec(evidence.curves[axis], marks, subject, form) for axis in AXES}
    every["gain"] = gain_spec(evidence.gains["steps"], marks, subject, "steps", form, evidence.margin)
    every["reached"] = reached_spec(evidence.reached["steps"], marks, subject, "steps")
    every["ranks"] = rank_spec(evidence.ranks["steps"], marks, subject, "steps")
    every["finals"] = _finals(evidence, marks)
    every |= {f"winners-{i}": _winners(evidence, name, marks) for i, name in enumerate(evidence.final)}
    every["seconds"] = _seconds(evidence, marks)
    every["pareto"] = pareto_spec(evidence, marks)
    if evidence.importances is not None:
        every["importance"] = importance_spec(evidence.importances)
    return {name: spec for name, spec in every.items() if spec is not None}


def _finals(evidence: Evidence, marks: Sequence[Mark]) -> dict[str, Any] | None:
    values = _named(evidence.results).assign(value=evidence.results["final"])
    estimates = {one.method: one.median for one in evidence.finals}
    title = f"{evidence.subject.best} {short(evidence.subject.metric.name)} of a search"
    return strip_spec(values, estimates, marks, title, evidence.form)


def _winners(evidence: Evidence, name: str, marks: Sequence[Mark]) -> dict[str, Any] | None:
    rows = [
        {"method": one.method, "value": value, "name": f"replicate {one.replicate}, seed {seed}"}
        for one in evidence.retrained
        for seed, value in zip(one.seeds, one.measured.get(name, ()), strict=False)
    ]
    estimates = {one.method: one.measured[name].mean for one in evidence.winners or ()}
    values = pd.DataFrame(rows, columns=["method", "value", "name"])
    form = result_form(values["value"])
    return strip_spec(values, estimates, marks, f"{short(name)} of a retrained winner", form)


def _seconds(evidence: Evidence, marks: Sequence[Mark]) -> dict[str, Any] | None:
    values = _named(evidence.results).assign(value=evidence.results["seconds"])
    known = values.dropna(subset="value").groupby("method", sort=False)["value"]
    estimates: dict[str, Estimate] = {str(method): median(own.to_list()) for method, own in known}
    return strip_spec(values, estimates, marks, "seconds of a search, over all its trials", ",d", zero=True)


def _named(results: pd.DataFrame) -> pd.DataFrame:
    return results.assign(name=[f"replicate {number}" for number in results["replicate"]])


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
