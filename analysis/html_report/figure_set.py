"""The figures of a comparison, by name: of report.html, and of the live page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import result_form
from analysis.html_report.charts.budget import gain_spec, rank_spec, reached_spec
from analysis.html_report.charts.curves import incumbent_spec
from analysis.html_report.charts.importance import importance_spec
from analysis.html_report.charts.parallel import parallel_spec
from analysis.html_report.charts.pareto import pareto_spec
from analysis.html_report.charts.scatters import Panel, ResultPanels, result_panels
from analysis.html_report.charts.slices import slice_panels
from analysis.html_report.charts.strips import strip_spec
from analysis.html_report.charts.style import Mark, short
from analysis.statistics.incumbents.curves import AXES
from analysis.statistics.intervals import Estimate, median


@dataclass(frozen=True)
class FigureSet:
    """Figures, and what a page says beside them.

    Attributes:
        specs: the specification of every figure that has something to draw, by name.
        panels: the objective over two parameters, drawn as space-0, space-1, ...; None if there is nothing.
        slices: the objective over each parameter, drawn as slice-0, slice-1, ...
        parallel_note: what the figure "parallel" leaves out; "" if nothing.
    """

    specs: dict[str, dict[str, Any]]
    panels: ResultPanels | None
    slices: tuple[Panel, ...]
    parallel_note: str


def figure_set(evidence: Evidence, marks: Sequence[Mark]) -> FigureSet:
    """Make the figures of a comparison; `marks` are those of all its methods."""
    specs = _figures(evidence, marks)
    panels = result_panels(evidence, marks)
    specs |= {f"space-{i}": panel.spec for i, panel in enumerate(panels.panels if panels else ())}
    slices = slice_panels(evidence, marks)
    specs |= {f"slice-{i}": panel.spec for i, panel in enumerate(slices)}
    parallel = parallel_spec(evidence, marks)
    if parallel is not None:
        specs["parallel"] = parallel[0]
    return FigureSet(specs, panels, slices, parallel[1] if parallel else "")


def _figures(evidence: Evidence, marks: Sequence[Mark]) -> dict[str, dict[str, Any]]:
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
