"""The page's tables on methods: what they spent and found, their winners, their stops, how they searched."""

from __future__ import annotations

import math

import pandas as pd

from analysis.comparison import HYPERPARAMETERS
from analysis.evidence import Evidence
from analysis.finals import Finals
from analysis.htmlreport.cells import NONE, Table, confidence, duration, estimate, number, percent, signed
from analysis.layout import format_value
from analysis.quality import Quality


def methods_table(evidence: Evidence) -> Table:
    """The comparison: a row a method."""
    tested = {one.method: one for one in evidence.winners or ()}
    header = ["method", "searches (n)", "final loss, median", "mean of the middle half"]
    header += ["test accuracy, mean"] if tested else []
    header += ["reached target", "epochs to target", "time to target", "average rank"]
    header += ["trials", "stopped", "failed", "epochs", "time", "best configuration"]
    rows = []
    totals = evidence.comparison.set_index("method")
    for one in evidence.finals:
        total = totals.loc[one.method]
        row = [one.method, str(one.searches), estimate(one.median), estimate(one.iqm)]
        if tested:
            winner = tested.get(one.method)
            row.append(estimate(winner.test_accuracy) if winner else NONE)
        row += [f"{one.reached} of {one.searches}", estimate(one.epochs_to_target, ".0f")]
        row += [duration(one.seconds_to_target.value), number(one.rank, ".2f")]
        row += [str(total[name]) for name in ("trials", "stopped", "failed", "epochs")]
        rows.append((*row, duration(total["seconds"]), _configuration(total)))
    return Table(_methods_caption(evidence), tuple(header), tuple(rows), (0, len(header) - 1))


def winners_table(evidence: Evidence) -> Table:
    """Chosen configurations retrained: claims, test accuracy, and the gap between."""
    winners = evidence.winners or ()
    header = ("method", "searches (n)", "test accuracy, mean", "sd between searches", "sd between seeds")
    header += ("loss: retrained − claimed", "accuracy: claimed − test")
    rows = tuple(
        (
            one.method,
            str(one.searches),
            estimate(one.test_accuracy),
            number(one.between),
            number(one.within),
            signed(one.loss_gap),
            signed(one.accuracy_gap),
        )
        for one in winners
    )
    caption = (
        f"Means over searches with {confidence(one.test_accuracy for one in winners)}; a search's number is "
        "the mean over its seeds. A gap above 0 is a claim that was too good."
    )
    return Table(caption, header, rows)


def audit_table(evidence: Evidence) -> Table:
    """Early stopping: what it spared, and what it may have cost."""
    header = ("method", "stopped", "audited (n)", "would have won", "would have been among the best 3")
    header += ("epochs spared a trial", "epochs spared in all")
    rows = tuple(
        (
            one.method,
            str(one.stopped),
            str(one.audited),
            percent(one.would_have_won),
            percent(one.among_best),
            estimate(one.epochs_saved, ".1f"),
            f"{100 * one.share_saved:.0f} %" if math.isfinite(one.share_saved) else NONE,
        )
        for one in evidence.audit or ()
    )
    caption = "Stopped trials drawn at random and trained to the end all the same; 95% intervals."
    return Table(caption, header, rows)


def quality_table(evidence: Evidence) -> Table:
    """Duplicates, failures and best points at an end of the space."""
    header = ("method", "trials proposed", "duplicates", "failed", "best at an end of a range", "which")
    rows = tuple(
        (
            one.method,
            str(one.proposed),
            str(one.duplicates),
            percent(one.failed),
            NONE if one.at_an_end is None else f"{one.at_an_end} of {one.with_result}",
            _ends(one),
        )
        for one in evidence.quality
    )
    caption = (
        "Duplicates repeat a configuration of the same search. Failed: share of ended trials, 95% interval. A "
        "best trial at an end of a range suggests that better ones lie beyond."
    )
    return Table(caption, header, rows, (0, 5))


def _ends(one: Quality) -> str:
    return ", ".join(f"{name} {end} ({count})" for name, end, count in one.ends) or NONE


def _configuration(total: pd.Series) -> str:
    known = [f"{name} {format_value(name, total[name])}" for name in HYPERPARAMETERS if pd.notna(total[name])]
    return ", ".join(known) or NONE


def _methods_caption(evidence: Evidence) -> str:
    estimates = [value for one in evidence.finals for value in (one.median, one.iqm)]
    text = f"Final loss: the lowest validation loss a search found; {confidence(estimates)} in brackets. "
    if math.isfinite(evidence.target):
        text += f"Target: a validation loss of {evidence.target:.4f}. "
    ranked = max((one.ranked for one in evidence.finals), default=0)
    if ranked and len(evidence.finals) > 1:
        text += f"Rank: average over the common budget and n = {ranked}, 1 is best. "
    return text + _without_result(evidence.finals) + "Time: training and evaluation, summed over trials."


def _without_result(finals: tuple[Finals, ...]) -> str:
    without = [f"{one.without_result} of {one.method}" for one in finals if one.without_result]
    return f"Searches without a result: {', '.join(without)}. " if without else ""
