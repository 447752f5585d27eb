"""The evidence as Markdown: the sections of comparison.md below its table."""

from __future__ import annotations

import math
from collections.abc import Iterable

from analysis.evidence import Evidence
from analysis.formatting import count_of, markdown_table
from analysis.statistics.audit import BEST
from analysis.statistics.filters import HYPOTHESIS
from analysis.statistics.intervals import Estimate
from analysis.tables.verdict_text import sentence

_LOSS, _SHARE, _COUNT = ".4f", ".2f", ".0f"


def sections(evidence: Evidence) -> list[str]:
    """A section a kind of evidence, none where there is nothing to tell; each without a last newline."""
    parts = (_finals, _pairs, _hypothesis, _winners, _audit, _quality)
    texts = ("\n\n".join(block.rstrip("\n") for block in part(evidence)) for part in parts)
    return [text for text in texts if text]


def _finals(evidence: Evidence) -> Iterable[str]:
    if max((one.searches for one in evidence.finals), default=0) < 2:
        return
    yield "## Final validation loss of the replicates"
    header = ["method", "n", "median", "interval", "IQM", "interval", "reached target", "epochs to target"]
    rows = [
        [
            one.method,
            _of(one.searches - one.without_result, one.searches),
            *_two_cells(one.median, _LOSS),
            *_two_cells(one.iqm, _LOSS),
            _of(one.reached, one.searches),
            _cell(one.epochs_to_target.value, _COUNT),
            _cell(one.seconds_to_target.value, ".1f"),
            _cell(one.rank, _SHARE),
        ]
        for one in evidence.finals
    ]
    yield markdown_table([*header, "seconds to target", "average rank"], rows)
    yield (
        "n: searches with a result. Intervals: 95%, those of the median distribution-free; with 5 searches "
        "it is their range and holds with 93.75%, and with fewer there is none. IQM: interquartile mean. The "
        f"target is a validation loss of {evidence.target:.4f}; epochs and seconds are medians, \u221e where "
        "at least half of the searches did not reach it. Average rank: over the budget that all methods "
        "have, 1 is best."
    )


def _pairs(evidence: Evidence) -> Iterable[str]:
    if max((one.pair.n for one in evidence.verdicts), default=0) < 2:
        return
    yield "## Every two methods"
    header = ["A", "B", "A is", "n", "A - B", "95% interval", "P(A lower)", "95% interval", "effect"]
    rows = [
        [
            one.pair.a,
            one.pair.b,
            one.outcome.value,
            str(one.pair.n),
            *_two_cells(one.pair.difference, "+.4f"),
            *_two_cells(one.pair.a_lower, _SHARE),
            _cell(one.pair.effect, "+.2f"),
            _cell(one.pair.p_holm, _LOSS),
            _cell(one.pair.p_equivalent_holm, _LOSS),
            _cell(one.pair.p_wilcoxon_holm, _LOSS),
        ]
        for one in evidence.verdicts
    ]
    yield markdown_table([*header, "p", "p equivalent", "p Wilcoxon"], rows)
    yield (
        "Differences of the final validation loss within a replicate. Each p is corrected by Holm for all "
        "pairs; the intervals are not. p: paired t-test. p equivalent: two one-sided t-tests against a "
        f"margin of {evidence.margin:g}. Wilcoxon's signed-rank test decides nothing: its p cannot fall "
        "below 2 to the power of 1 - n, before correction. Effect: Hedges' g, in standard deviations of the "
        "differences. The 5% of false claims hold for a number of replicates that was fixed beforehand: "
        "where more were added because of an undecided verdict, and all judged again, they become about 10% "
        "(docs/evidence/aa.md)."
    )
    yield "\n".join(f"- {sentence(one)}" for one in evidence.verdicts)


def _hypothesis(evidence: Evidence) -> Iterable[str]:
    found = evidence.hypothesis
    yield f"## {HYPOTHESIS}"
    yield f"{found.accuracy.sentence} {found.seconds.sentence}"
    if found.repeated:
        yield f"{count_of(found.repeated, 'run')} of a configuration run before in the replicate left out."


def _winners(evidence: Evidence) -> Iterable[str]:
    if evidence.winners is None:
        return
    yield "## Chosen configurations trained again"
    header = ["method", "n", "test accuracy", "95% interval", "sd of searches", "sd of seeds", "loss gap"]
    rows = [
        [
            one.method,
            _of(one.searches, one.searches + one.without_result),
            *_two_cells(one.test_accuracy, _LOSS),
            _cell(one.between, _LOSS),
            _cell(one.within, _LOSS),
            *_two_cells(one.loss_gap, "+.4f"),
            *_two_cells(one.accuracy_gap, "+.4f"),
        ]
        for one in evidence.winners
    ]
    yield markdown_table([*header, "95% interval", "accuracy gap", "95% interval"], rows)
    yield (
        "Each search's configuration of lowest validation loss, trained on fresh seeds; the test images are "
        "used nowhere else. Loss gap: validation loss when trained again minus the one claimed by the "
        "search. Accuracy gap: claimed validation accuracy minus test accuracy. Above 0, the search "
        "promised too much."
    )


def _audit(evidence: Evidence) -> Iterable[str]:
    if evidence.audit is None:
        return
    yield "## What early stopping cost and spared"
    for one in evidence.audit:
        if one.audited == 0:
            yield f"{one.method}: {count_of(one.stopped, 'trial')} stopped, none trained to the end."
            continue
        won, best = _percent(one.would_have_won), _percent(one.among_best)
        yield (
            f"{one.method}: {one.audited} of {count_of(one.stopped, 'stopped trial')} were trained to the "
            f"end. Would have had the lowest loss of their search: {won}. Would have ended among its best "
            f"{BEST}: {best}. Stopping a trial spared {one.epochs_saved.value:.1f} epochs on average, and so "
            f"about {100 * one.share_saved:.0f}% of the epochs without stopping."
        )


def _quality(evidence: Evidence) -> Iterable[str]:
    yield "## How the searches went"
    header = ["method", "searches", "proposed", "proposed twice", "failed", "95% interval", "best at an end"]
    rows = [
        [
            one.method,
            str(one.searches),
            str(one.proposed),
            str(one.duplicates),
            *_two_cells(one.failed, ".3f"),
            "" if one.at_bound is None else _of(one.at_bound, one.with_result),
            ", ".join(f"{name} {end} ({count})" for name, end, count in one.bounds),
        ]
        for one in evidence.quality
    ]
    yield markdown_table([*header, "at which"], rows)
    yield (
        "Proposed twice: trials whose configuration the same search had proposed before. Best at an end: "
        "searches whose best trial lies at an end of a parameter's range, so that better ones may lie beyond."
    )


def _of(count: int, total: int) -> str:
    return f"{count} of {total}"


def _cell(value: float, form: str) -> str:
    if math.isnan(value):
        return ""
    return "\u221e" if math.isinf(value) else format(value, form)


def _two_cells(estimate: Estimate, form: str) -> tuple[str, str]:
    """The value and its interval, empty where there is none."""
    low, high = _cell(estimate.low, form), _cell(estimate.high, form)
    return _cell(estimate.value, form), f"{low} to {high}" if low and high else ""


def _percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.0f}% ({100 * estimate.low:.0f} to {100 * estimate.high:.0f}%)"
