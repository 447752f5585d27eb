"""Turn the evidence into the tables of finals.csv, pairs.csv and winners.csv."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.statistics.finals import Finals
from analysis.statistics.intervals import Estimate
from analysis.statistics.verdicts import Verdict
from analysis.statistics.winners import Winners

FINALS_COLUMNS = (
    *("method", "searches", "without_result", "median", "median_low", "median_high", "median_confidence"),
    *("iqm", "iqm_low", "iqm_high", "target", "reached"),
    *("steps_to_target", "steps_to_target_low", "steps_to_target_high"),
    *("seconds_to_target", "seconds_to_target_low", "seconds_to_target_high", "rank", "ranked"),
)
PAIRS_COLUMNS = (
    *("a", "b", "outcome", "n", "difference", "difference_low", "difference_high", "spread", "effect"),
    *("a_better", "a_better_low", "a_better_high", "p", "p_holm", "p_equivalent", "p_equivalent_holm"),
    *("p_wilcoxon", "p_wilcoxon_holm", "tests", "margin", "more_replicates"),
)

WINNERS_COLUMNS = (
    *("method", "searches", "value", "measured", "mean", "mean_low", "mean_high"),
    *("between", "within", "gap", "gap_low", "gap_high"),
)


def finals_frame(finals: Sequence[Finals]) -> pd.DataFrame:
    """Return one row per method, columns FINALS_COLUMNS.

    Unknown values are NaN. A median result is infinite if at least half of the searches have no result. A
    median of steps or seconds to target is infinite if at least half never reached the target.
    """
    rows = [
        {
            **_fields(one, "method", "searches", "without_result", "target", "reached", "rank", "ranked"),
            **_estimate("median", one.median),
            "median_confidence": one.median.confidence,
            **_estimate("iqm", one.iqm),
            **_estimate("steps_to_target", one.steps_to_target),
            **_estimate("seconds_to_target", one.seconds_to_target),
        }
        for one in finals
    ]
    return pd.DataFrame(rows, columns=list(FINALS_COLUMNS))


def pairs_frame(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """Return one row per pair of methods, columns PAIRS_COLUMNS; `more_replicates` is empty if unknown."""
    tests = ("p", "p_holm", "p_equivalent", "p_equivalent_holm", "p_wilcoxon", "p_wilcoxon_holm", "tests")
    rows = [
        {
            **_fields(one.pair, "a", "b", "n", "spread", "effect", *tests),
            **_estimate("difference", one.pair.difference),
            **_estimate("a_better", one.pair.a_better),
            "outcome": one.outcome.value,
            "margin": one.margin,
            "more_replicates": one.more_replicates,
        }
        for one in verdicts
    ]
    frame = pd.DataFrame(rows, columns=list(PAIRS_COLUMNS))
    return frame.astype({"more_replicates": "Int64"})


def winners_frame(winners: Sequence[Winners], names: Sequence[str]) -> pd.DataFrame:
    """Return a row per method with retrained winners and value measured, columns WINNERS_COLUMNS.

    `value` is one of `names`, `measured` the number of searches that have it. `gap` is about the objective,
    the same in all rows of a method.
    """
    rows = [
        {
            **_fields(one, "method", "searches"),
            "value": name,
            "measured": found.mean.n,
            **_estimate("mean", found.mean),
            **_fields(found, "between", "within"),
            **_estimate("gap", one.gap),
        }
        for one in winners
        for name, found in ((name, one.measured[name]) for name in names)
    ]
    return pd.DataFrame(rows, columns=list(WINNERS_COLUMNS))


def _fields(record: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _estimate(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
