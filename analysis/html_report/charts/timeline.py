"""The figure of what ran when: a bar per trial, in as many lanes as trials ran at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from analysis.html_report.charts.style import INK, to_spec

MAX_BARS = 1500
LANE = 18
_COLOURS = {"finished": "#009E73", "stopped": "#E69F00", "failed": "#D55E00", "running": "#0072B2"}


def timeline_spec(rows: Sequence[Mapping[str, Any]], now: float) -> dict[str, Any] | None:
    """Draw the last MAX_BARS trials that have started; None if there is none.

    Lanes are found from the times: which slot of the machine a trial had is not recorded.

    Args:
        rows: trials as `analysis.view.rows.trial_row` has them.
        now: the time, in seconds since 1970: the end of trials that run.
    """
    started = sorted((row for row in rows if row["started"] is not None), key=lambda row: row["started"])
    drawn = started[-MAX_BARS:]
    if not drawn:
        return None
    first = drawn[0]["started"]
    free: list[float] = []
    bars = []
    for row in drawn:
        end = now if row["state"] == "running" else max(row["updated"] or row["started"], row["started"])
        lane = next((at for at, until in enumerate(free) if until <= row["started"]), len(free))
        free[lane : lane + 1] = [end]
        bars.append(_bar(row, lane, row["started"] - first, end - first))
    factor, unit = _unit(max(bar["to"] for bar in bars))
    for bar in bars:
        bar |= {"from": round(bar["from"] / factor, 4), "to": round(bar["to"] / factor, 4)}
    axis = alt.Axis(tickCount=8)
    scale = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    tips = [alt.Tooltip(f"{name}:N") for name in ("run", "sweep", "state", "result")]
    tips.append(alt.Tooltip("seconds:Q", format=",.1f"))
    chart = (
        alt.Chart(alt.NamedData("bars"))
        .mark_bar(stroke=INK, strokeWidth=0.4, cornerRadius=1)
        .encode(
            alt.X("from:Q", title=f"{unit} since the first of these trials started", axis=axis),
            alt.X2("to:Q"),
            alt.Y("lane:O", title=None, axis=alt.Axis(labels=False, ticks=False, domain=False)),
            color=alt.Color("state:N", scale=scale, legend=alt.Legend(orient="bottom", title=None)),
            tooltip=tips,
        )
    )
    description = f"When {len(drawn)} trials ran, in {len(free)} lanes."
    return to_spec(chart, (), description, LANE * len(free) + 20, {"bars": bars})


def _bar(row: Mapping[str, Any], lane: int, start: float, end: float) -> dict[str, Any]:
    return {
        "lane": lane,
        "from": start,
        "to": end,
        "run": row["run"],
        "sweep": f"{row['method']}, replicate {row['replicate']}",
        "state": row["state"],
        "result": "none" if row["value"] is None else f"{row['value']:.5g}",
        "seconds": end - start,
    }


def _unit(seconds: float) -> tuple[float, str]:
    if seconds > 3 * 3600:
        return 3600.0, "hours"
    return (60.0, "minutes") if seconds > 180 else (1.0, "seconds")
