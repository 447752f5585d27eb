"""The page's tables of methods: results, cost, retrained winners, early stopping, search quality."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.evidence import Evidence
from analysis.formatting import result_form
from analysis.html_report.cells import DASH, Cell, Table, duration, estimate, intervals_text, number, percent
from analysis.statistics.finals import Finals
from analysis.statistics.intervals import Estimate
from analysis.statistics.quality import Quality
from analysis.tables.comparison import configuration_of
from analysis.tables.evidence_text import DEAD_READING


def results_table(evidence: Evidence) -> Table:
    """Make the table of what the methods found, a row per method."""
    several = any(one.searches > 1 for one in evidence.finals)
    unit, name, form = evidence.subject.unit, evidence.subject.metric.name, evidence.form
    winners = {one.method: one for one in evidence.winners or ()}
    measured = evidence.final if winners else ()
    header = ["method", "searches (n)"]
    header += [f"final {name}, median", f"final {name}, interquartile mean"] if several else [f"final {name}"]
    header += [f"{each}, mean of winners" for each in measured]
    header += ["reached target", f"{unit}s to target", "time to target"]
    header += ["average rank"] if several else []
    rows = []
    for one in evidence.finals:
        row: list[str | Cell] = [one.method, str(one.searches), estimate(one.median, form)]
        row += [estimate(one.iqm, form)] if several else []
        won = winners.get(one.method)
        row += [
            estimate(won.measured[each].mean, _form(each, evidence)) if won else DASH for each in measured
        ]
        row += [f"{one.reached} of {one.searches}", estimate(one.steps_to_target, ".0f")]
        row.append(duration(one.seconds_to_target.value))
        rows.append((*row, *([number(one.rank, ".2f")] if several else [])))
    return Table(_results_caption(evidence), tuple(header), tuple(rows))


def cost_table(evidence: Evidence) -> Table:
    """Make the table of what the methods spent and of their best trials, a row per method."""
    subject, forms = evidence.subject, evidence.forms
    header: tuple[str, ...] = ("method", "trials", "stopped", "failed", f"{subject.unit}s", "time")
    header += ("best trial's configuration", *subject.result_columns)
    rows = tuple(
        (
            total["method"],
            *(f"{total[name]:,}" for name in ("trials", "stopped", "failed", "steps")),
            duration(total["seconds"]),
            configuration_of(total, subject),
            *(number(total[name], forms[name]) for name in subject.result_columns.values()),
        )
        for _, total in evidence.comparison.iterrows()
    )
    caption = (
        f"Trials, {subject.unit}s and time are sums over all searches of a method. Results are those of the "
        f"single best trial, at its best {subject.unit}."
    )
    return Table(caption, header, rows, (0, 6))


def winners_table(evidence: Evidence) -> Table:
    """Make the table of retrained winners: what they reach, and its gap to what the search reported."""
    winners, name = evidence.winners or (), evidence.subject.metric.name
    header: tuple[str, ...] = ("method", "value", "searches (n)", "mean")
    header += ("sd between searches", "sd between seeds", f"{name}: reported better by")
    rows = tuple(
        (
            one.method,
            each,
            f"{found.mean.n} of {one.searches}",
            estimate(found.mean, form),
            number(found.between, form),
            number(found.within, form),
            estimate(one.gap, f"+{evidence.form}"),
        )
        for each, form in ((each, _form(each, evidence)) for each in evidence.final)
        for one, found in ((one, one.measured[each]) for one in winners)
    )
    means = [one.measured[each].mean for one in winners for each in evidence.final]
    caption = (
        f"Means over searches{_small_print(means)}; each search counts with the mean over its seeds. The "
        f"last column is how much better the {name} is that the search reported than the one after "
        "retraining: above 0, the search reported too good a result."
    )
    return Table(caption, header, rows, (0, 1))


def audit_table(evidence: Evidence) -> Table:
    """Make the table of early stopping: what it saved and what it may have cost."""
    header: tuple[str, ...] = ("method", "stopped", "trained to the end (n)")
    header += ("would have won", "would have been among the best 3")
    unit = evidence.subject.unit
    header += (f"{unit}s saved per trial", f"share of {unit}s saved")
    rows = tuple(
        (
            one.method,
            str(one.stopped),
            str(one.audited),
            percent(one.would_have_won),
            percent(one.among_best),
            estimate(one.steps_saved, ".1f"),
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
    dead = any(one.dead is not None for one in evidence.quality)
    header: tuple[str, ...] = (
        "method",
        "trials proposed",
        "duplicates",
        *(["dead"] if dead else []),
        "failed",
    )
    rows: list[tuple[str | Cell, ...]] = [
        (
            *(one.method, str(one.proposed), str(one.duplicates)),
            *([str(one.dead)] if dead else []),
            percent(one.failed),
        )
        for one in evidence.quality
    ]
    caption = (
        "Duplicates: trials that repeat an earlier configuration of their search. "
        f"{DEAD_READING if dead else ''}Failed: share of the "
        "trials that ended, with its 95% interval."
    )
    if all(one.at_bound is None for one in evidence.quality):
        return Table(f"{caption} The bounds of the search space are unknown.", header, tuple(rows))
    rows = [(*row, *_at_bounds(one)) for row, one in zip(rows, evidence.quality, strict=True)]
    caption += " Best trial at a bound: number of searches; better trials may lie beyond the search space."
    header += ("best trial at a bound", "which bounds")
    return Table(caption, header, tuple(rows), (0, len(header) - 1))


def _at_bounds(one: Quality) -> tuple[str, str]:
    """Count the searches whose best trial lies at a bound, and name the bounds."""
    if one.at_bound is None:
        return DASH, DASH
    where = ", ".join(f"{name} {end} ({count})" for name, end, count in one.bounds)
    return f"{one.at_bound} of {one.with_result}", where or DASH


def _form(name: str, evidence: Evidence) -> str:
    """Return the format of a value of retrained winners."""
    if name == evidence.subject.metric.name:
        return evidence.form
    return result_form(one.measured[name].mean.value for one in evidence.winners or ())


def _results_caption(evidence: Evidence) -> str:
    estimates = [value for one in evidence.finals for value in (one.median, one.iqm)]
    subject, name = evidence.subject, evidence.subject.metric.name
    text = f"Final {name}: the {subject.best} {name} of a search{_small_print(estimates)}. "
    if math.isfinite(evidence.target):
        text += (
            f"Target: a {name} of {evidence.target:{evidence.form}}. {subject.unit.capitalize()}s and time "
        )
        text += "to target are medians; a dash means that fewer than half of the searches reached it. "
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
