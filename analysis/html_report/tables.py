"""The page's tables on methods: what they spent and found, their winners, their stops, how they searched."""

from __future__ import annotations

import math

import pandas as pd

from analysis.evidence import Evidence
from analysis.formatting import format_value
from analysis.html_report.cells import NONE, Table, confidence, duration, estimate, number, percent
from analysis.statistics.finals import Finals
from analysis.statistics.methods import HYPERPARAMETERS
from analysis.statistics.quality import Quality


def found_table(evidence: Evidence) -> Table:
    """What the methods found: a row a method."""
    tested = {one.method: one for one in evidence.winners or ()}
    several = any(one.searches > 1 for one in evidence.finals)
    header = ["method", "searches (n)"]
    header += ["final loss, median", "mean of its middle half"] if several else ["final loss"]
    header += ["test accuracy, mean"] if tested else []
    header += ["reached target", "epochs to target", "time to target"]
    header += ["average rank"] if several else []
    rows = []
    for one in evidence.finals:
        row = [one.method, str(one.searches), estimate(one.median)]
        row += [estimate(one.iqm)] if several else []
        if tested:
            row.append(estimate(tested[one.method].test_accuracy) if one.method in tested else NONE)
        row += [f"{one.reached} of {one.searches}", estimate(one.epochs_to_target, ".0f")]
        row.append(duration(one.seconds_to_target.value))
        rows.append((*row, *([number(one.rank, ".2f")] if several else [])))
    return Table(_found_caption(evidence), tuple(header), tuple(rows))


def spent_table(evidence: Evidence) -> Table:
    """What the methods spent, and the best trial they found: a row a method."""
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
        "Sums over all searches of a method. Time: training and evaluation. Loss and accuracy: on validation "
        "data, of the single best trial at its best epoch."
    )
    return Table(caption, (*header, "accuracy"), rows, (0, 6))


def winners_table(evidence: Evidence) -> Table:
    """Chosen configurations retrained: claims, test accuracy, and the gap between."""
    winners = evidence.winners or ()
    header = ("method", "searches (n)", "test accuracy, mean", "sd between searches", "sd between seeds")
    header += ("loss: retrained minus claimed", "accuracy: claimed minus test")
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
        f"Means over searches with {confidence(one.test_accuracy for one in winners)}; a search's number is "
        "the mean over its seeds. A gap above 0 is a claim that was too good."
    )
    without = [f"{one.without_result} of {one.method}" for one in winners if one.without_result]
    if without:
        caption += f" Without a result when trained again: {', '.join(without)}."
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
    caption = (
        "Stopped trials drawn at random and trained to the end all the same; 95% intervals, as if these "
        "were independent of one another."
    )
    return Table(caption, header, rows)


def quality_table(evidence: Evidence) -> Table:
    """Duplicates, failures and best points at an end of the space."""
    header = ("method", "trials proposed", "duplicates", "failed")
    rows = [
        (one.method, str(one.proposed), str(one.duplicates), percent(one.failed)) for one in evidence.quality
    ]
    caption = (
        "Duplicates repeat a configuration of the same search. Failed: share of ended trials, 95% interval."
    )
    if all(one.at_bound is None for one in evidence.quality):
        return Table(f"{caption} The ranges of the search space are not known.", header, tuple(rows))
    rows = [(*row, *_ends(one)) for row, one in zip(rows, evidence.quality, strict=True)]
    caption += " A best trial at an end of a range suggests that better ones lie beyond."
    return Table(caption, (*header, "searches best at an end", "of which range"), tuple(rows), (0, 5))


def _ends(one: Quality) -> tuple[str, str]:
    """How many searches have their best trial at an end, and where."""
    if one.at_bound is None:
        return NONE, NONE
    where = ", ".join(f"{name} {end} ({count})" for name, end, count in one.bounds)
    return f"{one.at_bound} of {one.with_result}", where or NONE


def _configuration(total: pd.Series) -> str:
    known = [f"{name} {format_value(name, total[name])}" for name in HYPERPARAMETERS if pd.notna(total[name])]
    return ", ".join(known) or NONE


def _found_caption(evidence: Evidence) -> str:
    estimates = [value for one in evidence.finals for value in (one.median, one.iqm)]
    below = " below" if any(not math.isnan(one.low) for one in estimates) else ""
    text = f"Final loss: the lowest validation loss a search found; {confidence(estimates)}{below}. "
    if math.isfinite(evidence.target):
        text += f"Target: a validation loss of {evidence.target:.4f}; medians, a dash where fewer than half "
        text += "of the searches reached it. "
    ranked = max((one.ranked for one in evidence.finals), default=0)
    if ranked > 1 and len(evidence.finals) > 1:
        text += f"Rank: average over the common budget and n = {ranked}, 1 is best. "
    return (text + _without_result(evidence.finals)).rstrip()


def _without_result(finals: tuple[Finals, ...]) -> str:
    without = [f"{one.without_result} of {one.method}" for one in finals if one.without_result]
    return f"Searches without a result: {', '.join(without)}. " if without else ""
