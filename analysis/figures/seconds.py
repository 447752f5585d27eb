"""The figure of the seconds that each method spent."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.style import label, method_styles, new_figure, tidy
from analysis.formatting import count_of
from analysis.records.subject import Subject


def seconds_figure(comparison: pd.DataFrame, subject: Subject) -> Figure:
    """Draw a bar per method: the seconds it spent, with its trials and steps beside its name.

    Args:
        comparison: from `methods.compare`. An unknown duration is an empty bar labelled "unknown".
        subject: what the searches have in common.
    """
    rows = max(1, len(comparison))
    figure = new_figure(1.4 + 0.6 * rows)
    axes = figure.subplots()
    tidy(axes)
    axes.grid(visible=False, axis="y")
    styles = method_styles(comparison["method"])
    seconds = comparison["seconds"].fillna(0.0)
    bars = axes.barh(range(len(comparison)), seconds, height=0.6, color=[s.colour for s in styles.values()])
    values = ["unknown" if pd.isna(s) else f"{s:.1f} s" for s in comparison["seconds"]]
    axes.bar_label(bars, values, padding=4)
    axes.set_yticks(range(len(comparison)), [_tick_label(row, subject) for _, row in comparison.iterrows()])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(rows - 0.5, -0.5)
    # Leaves room for the number at the end of the longest bar.
    axes.set_xlim(0, 1.15 * seconds.max() if (seconds > 0).any() else 1)
    axes.set_xlabel("seconds of the method's trials, summed")
    axes.set_title(f"Time spent by each method (trials: n = {comparison['trials'].sum()})")
    return figure


def _tick_label(row: pd.Series[Any], subject: Subject) -> str:
    aside = [f"{row[state]} {state}" for state in ("stopped", "failed") if row[state] > 0]
    trials = count_of(row["trials"], "trial") + (f" ({', '.join(aside)})" if aside else "")
    return f"{label(row['method'])}\n{trials}, {count_of(row['steps'], subject.unit)}"
