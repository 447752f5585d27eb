"""The figure of the objective as a landscape over two parameters, interpolated between the trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from analysis.evidence import Evidence
from analysis.figures.scales import colour_ends
from analysis.html_report.charts.scatters import parameter_axis, parameter_tip, plain, shows, thinned
from analysis.html_report.charts.style import INK, rounded, short, to_spec, viridis
from analysis.records.flat import Kind
from analysis.records.subject import Parameter
from analysis.statistics.importance import full_length

HEIGHT = 320
MIN_TRIALS = 8
CELLS = 28
MAX_DOTS = 400
MAX_POINTS = 500


def contour_spec(evidence: Evidence) -> tuple[dict[str, Any], tuple[str, str]] | None:
    """Draw the objective over the two most important parameters that are numbers.

    Between the trials of full length it is interpolated linearly, over a triangulation; outside them
    nothing is drawn. Trials with equal values of both parameters are averaged.

    Returns:
        The specification and the names of the parameters; None if there are no two parameters, or too few
        different trials.
    """
    trials = full_length(evidence.trials, evidence.subject)
    numbers = [one for one in evidence.by_importance if one.kind is Kind.NUMBER]
    varying = [one for one in numbers if trials[one.column].nunique() > 2][:2]
    if len(varying) < 2:
        return None
    x, y = varying
    value = evidence.subject.value
    known = trials[shows(x, trials) & shows(y, trials)]
    means = known.groupby([x.column, y.column], as_index=False)[value].mean()
    if len(means) < MIN_TRIALS:
        return None
    cells = _cells(means[x.column], means[y.column], means[value], (x, y))
    if not cells:
        return None
    name = short(evidence.subject.metric.name)
    ends = colour_ends(known[value], evidence.subject.sign)
    legend = alt.Legend(orient="bottom", title=name, gradientLength=200)
    fill = alt.Fill("z:Q", scale=viridis(evidence.subject, ends), legend=legend)
    axes = parameter_axis(alt.X, "x", x, known), parameter_axis(alt.Y, "y", y, known)
    ground = (
        alt.Chart(alt.NamedData("cells"))
        .mark_rect(strokeWidth=0, clip=True)
        .encode(axes[0], axes[1], alt.X2("x2:Q"), alt.Y2("y2:Q"), fill=fill)
    )
    drawn, _ = thinned(known, MAX_DOTS)
    columns = ["run", x.column, y.column, value]
    dots = [
        {"run": run, "x": plain(a), "y": plain(b), "z": rounded(found)}
        for run, a, b, found in drawn[columns].itertuples(index=False, name=None)
    ]
    tips = [alt.Tooltip("run:N"), parameter_tip("x", x), parameter_tip("y", y)]
    tips.append(alt.Tooltip("z:Q", title=name, format=evidence.form))
    points = (
        alt.Chart(alt.NamedData("dots"))
        .mark_point(filled=True, size=26, opacity=1, stroke=INK, strokeWidth=1)
        .encode(axes[0], axes[1], fill=fill, tooltip=tips)
    )
    description = f"{name} over {short(x.name)} and {short(y.name)}, interpolated from {len(means)} points."
    datasets = {"cells": cells, "dots": dots}
    return to_spec(alt.layer(ground, points), (), description, HEIGHT, datasets), (x.name, y.name)


def _cells(x: Any, y: Any, z: Any, parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    """Interpolate on a grid of cells; give those inside the trials, as rectangles."""
    from scipy.interpolate import griddata
    from scipy.spatial import QhullError

    places = [_scaled(values, one) for values, one in zip((x, y), parameters, strict=True)]
    points, results = _thinned(
        np.column_stack([scaled for scaled, _, _ in places]), np.asarray(z, dtype=float)
    )
    edges = np.linspace(0, 1, CELLS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    try:
        found = griddata(points, results, tuple(np.meshgrid(middles, middles)))
    except QhullError:
        # All on one line.
        return []
    ends = [_unscaled(edges, low, high, one) for (_, low, high), one in zip(places, parameters, strict=True)]
    return [
        {
            "x": rounded(ends[0][column]),
            "x2": rounded(ends[0][column + 1]),
            "y": rounded(ends[1][row]),
            "y2": rounded(ends[1][row + 1]),
            "z": rounded(found[row, column]),
        }
        for row in range(CELLS)
        for column in range(CELLS)
        if np.isfinite(found[row, column])
    ]


def _thinned(
    points: NDArray[np.float64], results: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average the points of each cell if there are many: interpolating between thousands takes seconds."""
    if len(points) <= MAX_POINTS:
        return points, results
    cells = np.minimum((points * CELLS).astype(int), CELLS - 1) @ [CELLS, 1]
    _, own, count = np.unique(cells, return_inverse=True, return_counts=True)
    columns = (points[:, 0], points[:, 1], results)
    x, y, z = (np.bincount(own, weights=column) / count for column in columns)
    return np.column_stack([x, y]), z


def _scaled(values: Any, parameter: Parameter) -> tuple[NDArray[np.float64], float, float]:
    numbers = np.asarray(values, dtype=float)
    if parameter.log:
        numbers = np.log(numbers)
    low, high = float(numbers.min()), float(numbers.max())
    return (numbers - low) / (high - low), low, high


def _unscaled(
    shares: NDArray[np.float64], low: float, high: float, parameter: Parameter
) -> NDArray[np.float64]:
    numbers = low + shares * (high - low)
    return np.exp(numbers) if parameter.log else numbers
