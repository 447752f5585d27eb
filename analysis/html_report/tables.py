"""The page's tables of methods: results, cost, retrained winners, early stopping, search quality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import format_value
from analysis.html_report.cells import DASH, Cell, Table, duration, estimate, intervals_text, number, percent
from analysis.statistics.finals import Finals
from analysis.statistics.intervals import Estimate
from analysis.statistics.methods import HYPERPARAMETERS
from analysis.statistics.quality import Quality


def results_table(evidence: Evidence) -> Table:
    """Make the table of what the methods found, a row per method."""
    tested = {one.method: one for one in evidence.winners or ()}
    several = any(one.searches > 1 for one in evidence.finals)
    header = ["method", "searches (n)"]
    header += ["final loss, median", "final loss, interquartile mean"] if several else ["final loss"]
    header += ["test accuracy, mean"] if tested else []
    header += ["reached target", "epochs to target", "time to target"]
    header += ["average rank"] if several else []
    rows = []
    for one in evidence.finals:
        row: list[str | Cell] = [one.method, str(one.searches), estimate(one.median)]
        row += [estimate(one.iqm)] if several else []
        if tested:
            row.append(estimate(tested[one.method].test_accuracy) if one.method in tested else DASH)
        row += [f"{one.reached} of {one.searches}", estimate(one.epochs_to_target, ".0f")]
        row.append(duration(one.seconds_to_target.value))
        rows.append((*row, *([number(one.rank, ".2f")] if several else [])))
    return Table(_results_caption(evidence), tuple(header), tuple(rows))


def cost_table(evidence: Evidence) -> Table:
    """Make the table of what the methods spent and of their best trials, a row per method."""
    header = ("method", "trials", "stopped", "failed", "epochs", "time", "best trial's configuration", "loss")
    rows = tuple(
        (
            total["method"],
            *(f"{total[name]:,}" for name in ("trials", "stopped", "failed", "epochs")),
            duration(total["seconds"]),
            _configuration(total),
            number(total["valid_loss"]),
            number(total["valid_accuracy"]),
        )
        for _, total in evidence.comparison.iterrows()
    )
    caption = (
        "Trials, epochs and time are sums over all searches of a method; time is training and evaluation. "
        "Loss and accuracy are those of the single best trial, on validation data, at its best epoch."
    )
    return Table(caption, (*header, "accuracy"), rows, (0, 6))


def winners_table(evidence: Evidence) -> Table:
    """Make the table of retrained winners: test accuracy, and its gap to what the search reported."""
    winners = evidence.winners or ()
    header: tuple[str, ...] = ("method", "searches (n)", "test accuracy, mean")
    header += ("sd between searches", "sd between seeds")
    header += ("loss: retrained minus reported", "accuracy: reported minus test")
    rows = tuple(
        (
            one.method,
            str(one.searches),
            estimate(one.test_accuracy),
            number(one.between),
            number(one.within),
            estimate(one.loss_gap, "+.4f"),
            estimate(one.accuracy_gap, "+.4f"),
        )
        for one in winners
    )
    caption = (
        f"Means over searches{_small_print([one.test_accuracy for one in winners])}; each search counts with "
        "the mean over its seeds. A gap (last two columns) above 0 means that the search reported too good "
        "a result."
    )
    without = [f"{one.without_result} of {one.method}" for one in winners if one.without_result]
    if without:
        caption += f" Retrained without a result: {', '.join(without)}."
    return Table(caption, header, rows)


def audit_table(evidence: Evidence) -> Table:
    """Make the table of early stopping: what it saved and what it may have cost."""
    header: tuple[str, ...] = ("method", "stopped", "trained to the end (n)")
    header += ("would have won", "would have been among the best 3")
    header += ("epochs saved per trial", "share of epochs saved")
    rows = tuple(
        (
            one.method,
            str(one.stopped),
            str(one.audited),
            percent(one.would_have_won),
            percent(one.among_best),
            estimate(one.epochs_saved, ".1f"),
            f"{100 * one.share_saved:.0f} %" if math.isfinite(one.share_saved) else DASH,
        )
        for one in evidence.audit or ()
    )
    caption = (
        "A random sample of the stopped trials was trained to the end to see what stopping cost. The 95% "
        "intervals treat these trials as independent of one another."
    )
    return Table(caption, header, rows)


def quality_table(evidence: Evidence) -> Table:
    """Make the table of duplicates, failures and best trials at a bound of the search space."""
    header: tuple[str, ...] = ("method", "trials proposed", "duplicates", "failed")
    rows: list[tuple[str | Cell, ...]] = [
        (one.method, str(one.proposed), str(one.duplicates), percent(one.failed)) for one in evidence.quality
    ]
    caption = (
        "Duplicates: trials that repeat an earlier configuration of their search. Failed: share of the "
        "trials that ended, with its 95% interval."
    )
    if all(one.at_bound is None for one in evidence.quality):
        return Table(f"{caption} The bounds of the search space are unknown.", header, tuple(rows))
    rows = [(*row, *_at_bounds(one)) for row, one in zip(rows, evidence.quality, strict=True)]
    caption += " Best trial at a bound: number of searches; better trials may lie beyond the search space."
    header += ("best trial at a bound", "which bounds")
    return Table(caption, header, tuple(rows), (0, 5))


def _at_bounds(one: Quality) -> tuple[str, str]:
    """Count the searches whose best trial lies at a bound, and name the bounds."""
    if one.at_bound is None:
        return DASH, DASH
    where = ", ".join(f"{name} {end} ({count})" for name, end, count in one.bounds)
    return f"{one.at_bound} of {one.with_result}", where or DASH


def _configuration(total: pd.Series[Any]) -> str:
    known = [f"{name} {format_value(name, total[name])}" for name in HYPERPARAMETERS if pd.notna(total[name])]
    return ", ".join(known) or DASH


def _results_caption(evidence: Evidence) -> str:
    estimates = [value for one in evidence.finals for value in (one.median, one.iqm)]
    text = f"Final loss: the lowest validation loss of a search{_small_print(estimates)}. "
    if math.isfinite(evidence.target):
        text += f"Target: a validation loss of {evidence.target:.4f}. Epochs and time to target are medians; "
        text += "a dash means that fewer than half of the searches reached it. "
    ranked = max((one.ranked for one in evidence.finals), default=0)
    if ranked > 1 and len(evidence.finals) > 1:
        text += f"Average rank: over the budget that all methods spent, n = {ranked} replicates; 1 is best. "
    return (text + _without_result(evidence.finals)).rstrip()


def _small_print(estimates: Sequence[Estimate]) -> str:
    """Explain the intervals below the numbers, if there are any."""
    known = any(not math.isnan(one.confidence) for one in estimates)
    return f", with {intervals_text(estimates)} in small print" if known else ""


def _without_result(finals: tuple[Finals, ...]) -> str:
    without = [f"{one.without_result} of {one.method}" for one in finals if one.without_result]
    return f"Searches without a result: {', '.join(without)}. " if without else ""
