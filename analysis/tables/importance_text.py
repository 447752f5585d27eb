"""Parameter importance, and result against time: as Markdown and as tables for CSV."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import count_of, format_value, markdown_table
from analysis.statistics.importance import MIN_TRIALS, Importances
from analysis.statistics.intervals import Estimate

IMPORTANCE_COLUMNS = (
    *("parameter", "fanova", "fanova_low", "fanova_high", "ped_anova", "ped_anova_low", "ped_anova_high"),
    *("replicates", "trials"),
)


def importance_frame(found: Importances | None) -> pd.DataFrame:
    """Return one row per parameter, the most important first, columns IMPORTANCE_COLUMNS."""
    if found is None:
        return pd.DataFrame(columns=list(IMPORTANCE_COLUMNS))
    rows = [
        {
            "parameter": one.parameter.name,
            **_fields("fanova", one.fanova),
            **_fields("ped_anova", one.ped_anova),
            "replicates": found.replicates,
            "trials": found.trials,
        }
        for one in found.parameters
    ]
    return pd.DataFrame(rows, columns=list(IMPORTANCE_COLUMNS))


def importance_section(evidence: Evidence) -> Iterable[str]:
    """Write the section on importance; nothing if it is unknown."""
    found = evidence.importances
    if found is None:
        return
    yield "## Which parameters matter"
    rows = [
        [one.parameter.name, *_two_cells(one.fanova), *_two_cells(one.ped_anova)] for one in found.parameters
    ]
    header = ["parameter", "fANOVA", "95% interval", "PED-ANOVA", "95% interval"]
    yield markdown_table(header, rows)
    yield importance_reading(evidence)


def importance_reading(evidence: Evidence) -> str:
    """Say what the shares are, what they rest on and what they leave out."""
    found, name = evidence.importances, evidence.subject.metric.name
    if found is None:
        return (
            f"Parameter importance is unknown: it needs at least {MIN_TRIALS} different finished trials of "
            "full length in a replicate, in which two parameters vary."
        )
    text = (
        f"fANOVA: share of the variance of {name} over the whole space that the parameter explains, "
        "alone or with others. PED-ANOVA: how differently the best tenth of the trials choose it. Shares are "
        f"means of {count_of(found.replicates, 'replicate')}, with Student's interval over replicates; they "
        f"rest on {found.trials:,} different finished trials of full length, all methods together. A search "
        "that learns has more trials where results are good, so the shares describe these trials."
    )
    if found.left_out:
        names = ", ".join(one.name for one in found.left_out)
        text += f" Unknown, because only some of the trials have it: {names}."
    return text


def pareto_section(evidence: Evidence) -> Iterable[str]:
    """Write the section on result against time; nothing if no time is known."""
    points = evidence.fronts.points
    if points.empty:
        return
    subject = evidence.subject
    yield f"## {subject.metric.name} against time"
    best = points[points["front_of_all"]]
    rows = [
        [row["method"], row["run"], f"{row['seconds']:.1f}", format_value(row["value"], evidence.form)]
        for _, row in best.sort_values("seconds", kind="stable").iterrows()
    ]
    yield markdown_table(["method", "run", "seconds", subject.metric.name], rows)
    yield pareto_reading(evidence)


def pareto_reading(evidence: Evidence) -> str:
    """Say what is on the front, and how many trials of each method are."""
    fronts, unit = evidence.fronts, evidence.subject.metric.name
    best = fronts.points[fronts.points["front_of_all"]]
    counts = best["method"].value_counts()
    each = ", ".join(f"{method} {counts.get(method, 0)}" for method in evidence.methods)
    text = (
        f"The Pareto front: finished trials that no other trial beats in both {unit} and seconds. Of the "
        f"{count_of(len(best), 'trial')} on the front of all methods: {each}. n = {fronts.trials:,} finished "
        "trials with a known time."
    )
    if fronts.left_out:
        text += f" Left out: {count_of(fronts.left_out, 'trial')} of unknown time."
    return text


def _fields(name: str, one: Estimate) -> dict[str, float]:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def _two_cells(one: Estimate) -> tuple[str, str]:
    interval = "" if pd.isna(one.low) else f"{max(0.0, one.low):.2f} to {min(1.0, one.high):.2f}"
    return f"{one.value:.2f}", interval
