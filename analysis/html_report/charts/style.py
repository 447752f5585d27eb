"""The look of the page's figures: the project's colours, dashes and markers in Vega-Lite's terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from analysis.figures.style import method_styles
from analysis.records.subject import Subject

# Markers as SVG paths in the square from -1 to 1, for the figures and the legend.
PATHS = {
    "o": "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z",
    "s": "M-.89,-.89H.89V.89H-.89Z",
    "^": "M0,-1L1,.8H-1Z",
    "D": "M0,-1.15L1.15,0L0,1.15L-1.15,0Z",
    "v": "M0,1L1,-.8H-1Z",
    "P": "M-.36,-1H.36V-.36H1V.36H.36V1H-.36V.36H-1V-.36H-.36Z",
    "X": "M-1,-.5L-.5,-1L0,-.5L.5,-1L1,-.5L.5,0L1,.5L.5,1L0,.5L-.5,1L-1,.5L-.5,0Z",
}
LINE_WIDTH = 1.8
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
# Follows the page's text colour, also in dark mode and in print.
INK = "currentColor"
# The colour behind everything, as style.css names it.
PAPER = "var(--paper)"
# Names in titles are at most this long.
LONGEST = 40
# The signal that holds the selected methods; figures.js sets it in every figure.
SHOWN = "shown"


@dataclass(frozen=True)
class Mark:
    """One method's colour, dash pattern in pixels ((1, 0) is a solid line) and marker path."""

    method: str
    colour: str
    dash: tuple[float, ...]
    path: str


def method_marks(methods: Sequence[str]) -> tuple[Mark, ...]:
    """Give each method a mark by its place in the comparison, the same as in the PNG figures."""
    return tuple(
        Mark(
            method,
            # Black would vanish on a dark page.
            INK if style.colour == "#000000" else style.colour,
            (1, 0) if isinstance(style.line, str) else tuple(LINE_WIDTH * part for part in style.line[1]),
            PATHS[style.marker],
        )
        for method, style in method_styles(methods).items()
    )


def colour(marks: Sequence[Mark]) -> alt.Color:
    """Encode methods by colour; the page has the legend."""
    return alt.Color("method:N", scale=_scale(marks, [mark.colour for mark in marks]), legend=None)


def shape(marks: Sequence[Mark]) -> alt.Shape:
    """Encode methods by marker."""
    return alt.Shape("method:N", scale=_scale(marks, [mark.path for mark in marks]), legend=None)


def dash(marks: Sequence[Mark]) -> alt.StrokeDash:
    """Encode methods by dash pattern."""
    return alt.StrokeDash("method:N", scale=_scale(marks, [list(mark.dash) for mark in marks]), legend=None)


def chart_of(name: str) -> alt.Chart:
    """Make a chart of the dataset `name` of `to_spec`, filtered to the methods shown."""
    # Every layer needs the filter: a layer with its own data does not inherit the chart's.
    return alt.Chart(alt.NamedData(name)).transform_filter(f"indexof({SHOWN}, datum.method) >= 0")


def to_spec(
    chart: alt.Chart | alt.LayerChart | alt.FacetChart,
    marks: Sequence[Mark],
    description: str,
    height: int,
    datasets: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """Make the Vega-Lite specification of a figure that fills its place and whose methods can be selected.

    Args:
        chart: layers from `chart_of`; without marks, of any data.
        marks: all methods, shown at first; empty if the figure does not select methods.
        description: for screen readers.
        height: of the plot, in pixels.
        datasets: rows by name; with marks, each row has a `method`.
    """
    if marks:
        chart = chart.add_params(alt.param(name=SHOWN, value=[mark.method for mark in marks]))
    whole = chart.properties(width="container", height=height, description=description).configure(**_CONFIG)
    # Altair copies and checks each row, which takes seconds for thousands: the rows are added afterwards.
    # The tests check the specifications.
    return {**whole.to_dict(validate=False), "datasets": dict(datasets)}


def short(text: str) -> str:
    """Shorten a name for a title."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def number_axis(form: str, ticks: int) -> alt.Axis:
    """An axis of about `ticks` ticks with a d3 number format."""
    # With a format of integers, several ticks would show the same number.
    step: dict[str, Any] = {"tickMinStep": 1} if form.endswith("d") else {}
    return alt.Axis(format=form, tickCount=ticks, **step)


def viridis(subject: Subject, ends: tuple[float, float]) -> alt.Scale:
    """Make the colour scale of the objective: brighter is better; what lies beyond has the last colour."""
    return alt.Scale(scheme="viridis", reverse=subject.sign > 0, domain=list(ends), clamp=True)


def span(values: Iterable[float], log: bool = False) -> alt.Scale:
    """Make a scale around all `values`, at least one. It stays if methods are hidden."""
    known = list(values)
    low, high = min(known), max(known)
    if log:
        return alt.Scale(type="log", domain=[rounded(low / 1.2), rounded(high * 1.2)], nice=False)
    room = 0.04 * (high - low) or 0.05 * max(abs(high), 1e-9)
    return alt.Scale(domain=[rounded(low - room, 7), rounded(high + room, 7)], nice=False)


def rounded(value: float, digits: int = 5) -> float:
    """Round to `digits` significant digits: more would be bytes that no pixel shows."""
    return float(f"{value:.{digits}g}")


def _scale(marks: Sequence[Mark], values: list[Any]) -> alt.Scale:
    return alt.Scale(domain=[mark.method for mark in marks], range=values)


_CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    # One description per figure, not one per dot.
    "aria": False,
    "view": alt.ViewConfig(stroke=None),
    "autosize": alt.AutoSizeParams(type="fit-x", contains="padding"),
    "axis": alt.AxisConfig(
        labelColor=INK,
        titleColor=INK,
        domainColor=INK,
        tickColor=INK,
        gridColor=INK,
        gridOpacity=0.13,
        domainOpacity=0.5,
        tickOpacity=0.5,
        labelFontSize=12,
        titleFontSize=12,
        titleFontWeight="normal",
        labelLimit=130,
        labelSeparation=8,
        titlePadding=8,
    ),
    "legend": alt.LegendConfig(labelColor=INK, titleColor=INK, titleFontWeight="normal", titleFontSize=12),
}
