"""The figures of the hypothesis: accuracy and time against filters."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from analysis.html_report.charts.scatters import powers_of_ten, whole_numbers
from analysis.html_report.charts.style import INK, number_axis, rounded, to_spec

HEIGHT = 260


def filters_spec(runs: pd.DataFrame, column: str, title: str, form: str) -> dict[str, Any] | None:
    """Make the figure of `column` against filters: a dot per run, coloured by lr if all are above 0.

    Args:
        runs: at most MAX_DOTS rows; columns `filters`, `lr` and `column`, without missing values.
        column: the name of a numeric column.
        title: of the axis.
        form: d3 number format of the axis.

    Returns:
        The specification, or None if there are no runs.
    """
    if runs.empty:
        return None
    dots = [
        {"filters": rounded(f), "lr": rounded(lr), "y": rounded(y)}
        for f, lr, y in runs[["filters", "lr", column]].itertuples(index=False, name=None)
    ]
    tips = [
        alt.Tooltip("filters:Q"),
        alt.Tooltip("lr:Q", format=".3g"),
        alt.Tooltip("y:Q", title=title, format=form),
    ]
    colour = {"fill": _by_lr(runs["lr"])} if bool((runs["lr"] > 0).all()) else {}
    chart = (
        alt.Chart(alt.NamedData("runs"))
        .mark_circle(opacity=0.85, size=52, stroke=INK, strokeWidth=0.5)
        .encode(
            alt.X("filters:Q", title="filters (channels)", scale=alt.Scale(zero=False), axis=whole_numbers()),
            alt.Y("y:Q", title=title, scale=alt.Scale(zero=False), axis=number_axis(form, 6)),
            **colour,
            tooltip=tips,
        )
    )
    return to_spec(
        chart, (), f"{title} against filters, one dot per run, n = {len(runs)}.", HEIGHT, {"runs": dots}
    )


def _by_lr(values: pd.Series[Any]) -> alt.Fill:
    legend = alt.Legend(orient="bottom", format=".0e", gradientLength=160, values=powers_of_ten(values))
    return alt.Fill("lr:Q", scale=alt.Scale(type="log", scheme="viridis"), legend=legend)
