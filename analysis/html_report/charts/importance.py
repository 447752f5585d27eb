"""The figure of parameter importance: a row per parameter, a dot with its interval for each measure."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from analysis.html_report.charts.style import LONGEST, rounded, to_spec
from analysis.statistics.importance import Importances
from analysis.statistics.intervals import Estimate

MOST = 12
ROW = 34
# Two of the palette's colours that differ in brightness too.
COLOURS = ("#0072B2", "#E69F00")
MEASURES = ("fANOVA", "PED-ANOVA")


def importance_spec(found: Importances) -> dict[str, Any]:
    """Draw the shares of the MOST most important parameters."""
    shown = found.parameters[:MOST]
    rows = [
        _row(one.parameter.name, measure, estimate)
        for one in shown
        for measure, estimate in zip(MEASURES, (one.fanova, one.ped_anova), strict=True)
    ]
    names = [one.parameter.name for one in shown]
    base = alt.Chart(alt.NamedData("shares")).encode(
        y=alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=6 * LONGEST, grid=True)),
        yOffset=alt.YOffset("measure:N", sort=list(MEASURES)),
        color=alt.Color(
            "measure:N",
            scale=alt.Scale(domain=list(MEASURES), range=list(COLOURS)),
            legend=alt.Legend(orient="bottom", title=None),
        ),
    )
    scale = alt.Scale(domain=[0, 1], clamp=True)
    x = alt.X("value:Q", title="share of the importance of all parameters", scale=scale)
    tips = [
        alt.Tooltip("name:N", title="parameter"),
        alt.Tooltip("measure:N"),
        alt.Tooltip("value:Q", title="share", format=".2f"),
        alt.Tooltip("interval:N"),
    ]
    ends = base.mark_rule(strokeWidth=2).encode(alt.X("low:Q"), alt.X2("high:Q"))
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x, tooltip=tips)
    parts = [dots]
    if any("low" in row for row in rows):
        parts = [ends.transform_filter("isValid(datum.low)"), dots]
    described = ", ".join(f"{one.parameter.name} {one.fanova.value:.2f}" for one in shown)
    description = f"Importance of parameters; by fANOVA: {described}."
    return to_spec(alt.layer(*parts), (), description, ROW * len(shown) + 10, {"shares": rows})


def _row(name: str, measure: str, one: Estimate) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "measure": measure, "value": rounded(one.value), "interval": "none"}
    if math.isfinite(one.low):
        row |= {"low": rounded(max(0.0, one.low)), "high": rounded(min(1.0, one.high))}
        row["interval"] = f"{row['low']:.2f} to {row['high']:.2f} ({100 * one.confidence:.0f}%)"
    return row
