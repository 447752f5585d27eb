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
    *("epochs_to_target", "epochs_to_target_low", "epochs_to_target_high"),
    *("seconds_to_target", "seconds_to_target_low", "seconds_to_target_high", "rank", "ranked"),
)
PAIRS_COLUMNS = (
    *("a", "b", "outcome", "n", "difference", "difference_low", "difference_high", "spread", "effect"),
    *("a_lower", "a_lower_low", "a_lower_high", "p", "p_holm", "p_equivalent", "p_equivalent_holm"),
    *("p_wilcoxon", "p_wilcoxon_holm", "tests", "margin", "more_replicates"),
)

WINNERS_COLUMNS = (
    *("method", "searches", "without_result", "test_accuracy", "test_accuracy_low", "test_accuracy_high"),
    *("between", "within", "loss_gap", "loss_gap_low", "loss_gap_high"),
    *("accuracy_gap", "accuracy_gap_low", "accuracy_gap_high"),
)


def finals_frame(finals: Sequence[Finals]) -> pd.DataFrame:
    """Return one row per method, columns FINALS_COLUMNS.

    Unknown values are NaN. A median loss is infinite if at least half of the searches have no result. A
    median of epochs or seconds to target is infinite if at least half never reached the target.
    """
    rows = [
        {
            **_fields(one, "method", "searches", "without_result", "target", "reached", "rank", "ranked"),
            **_estimate("median", one.median),
            "median_confidence": one.median.confidence,
            **_estimate("iqm", one.iqm),
            **_estimate("epochs_to_target", one.epochs_to_target),
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
            **_estimate("a_lower", one.pair.a_lower),
            "outcome": one.outcome.value,
            "margin": one.margin,
            "more_replicates": one.more_replicates,
        }
        for one in verdicts
    ]
    frame = pd.DataFrame(rows, columns=list(PAIRS_COLUMNS))
    return frame.astype({"more_replicates": "Int64"})


def winners_frame(winners: Sequence[Winners]) -> pd.DataFrame:
    """Return one row per method with retrained winners, columns WINNERS_COLUMNS."""
    rows = [
        {
            **_fields(one, "method", "searches", "without_result", "between", "within"),
            **_estimate("test_accuracy", one.test_accuracy),
            **_estimate("loss_gap", one.loss_gap),
            **_estimate("accuracy_gap", one.accuracy_gap),
        }
        for one in winners
    ]
    return pd.DataFrame(rows, columns=list(WINNERS_COLUMNS))


def _fields(record: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _estimate(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
