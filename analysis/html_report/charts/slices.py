"""The figures of the objective over each parameter: a dot per trial of full length."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from analysis.evidence import Evidence
from analysis.html_report.charts.scatters import Panel, parameter_axis, parameter_tip, plain, shows, thinned
from analysis.html_report.charts.style import Mark, chart_of, colour, rounded, shape, short, span, to_spec
from analysis.records.subject import Parameter
from analysis.statistics.importance import full_length

MOST = 12
MAX_DOTS = 500
HEIGHT = 170


def slice_panels(evidence: Evidence, marks: Sequence[Mark]) -> tuple[Panel, ...]:
    """Make a panel for each of the MOST most important parameters, without those that do not vary
    among the trials of full length.
    """
    panels = [_panel(one, evidence, marks) for one in evidence.by_importance[:MOST]]
    return tuple(panel for panel in panels if panel is not None)


def _panel(parameter: Parameter, evidence: Evidence, marks: Sequence[Mark]) -> Panel | None:
    trials = full_length(evidence.trials, evidence.subject)
    every = trials[shows(parameter, trials)]
    if every[parameter.column].nunique() < 2:
        return None
    drawn, _ = thinned(every, MAX_DOTS)
    subject, name = evidence.subject, short(evidence.subject.metric.name)
    columns = ["method", "run", parameter.column, subject.value]
    rows = [
        {"method": m, "run": r, "x": plain(x), "y": rounded(y)}
        for m, r, x, y in drawn[columns].itertuples(index=False, name=None)
    ]
    result = alt.Tooltip("y:Q", title=name, format=evidence.form)
    tips = [alt.Tooltip("method:N"), alt.Tooltip("run:N"), parameter_tip("x", parameter), result]
    points: alt.Chart = chart_of("dots").mark_point(filled=True, opacity=0.6, size=36)
    chart = points.encode(
        parameter_axis(alt.X, "x", parameter, every),
        alt.Y("y:Q", title=name, scale=span(every[subject.value]), axis=alt.Axis(tickCount=5)),
        color=colour(marks),
        shape=shape(marks),
        tooltip=tips,
    )
    description = f"{name} over {short(parameter.name)}, one dot per trial of full length, n = {len(every)}."
    return Panel(parameter.name, "", to_spec(chart, marks, description, HEIGHT, {"dots": rows}))
