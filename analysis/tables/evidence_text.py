"""Write the evidence as Markdown: the sections of comparison.md below its table."""

from __future__ import annotations

import math
from collections.abc import Iterable

from analysis.evidence import Evidence
from analysis.formatting import count_of, markdown_table, markdown_text, result_form
from analysis.statistics.audit import BEST
from analysis.statistics.intervals import Estimate
from analysis.tables.importance_text import importance_section, pareto_section
from analysis.tables.verdict_text import sentence

DEAD_READING = "Dead: trials that never leave chance level; some seeds kill small nets. "
_P, _SHARE, _COUNT = ".4f", ".2f", ".0f"


def sections(evidence: Evidence) -> list[str]:
    """Return one section per kind of evidence that there is; each without a newline at its end."""
    parts = (_finals, _pairs, _winners, importance_section, pareto_section, _audit, _quality, _extras)
    texts = ("\n\n".join(_escaped(block.rstrip("\n")) for block in part(evidence)) for part in parts)
    return [text for text in texts if text]


def _escaped(block: str) -> str:
    if block.startswith("|"):
        return block
    return "\n".join(markdown_text(line) for line in block.splitlines())


def _finals(evidence: Evidence) -> Iterable[str]:
    if max((one.searches for one in evidence.finals), default=0) < 2:
        return
    subject, form = evidence.subject, evidence.form
    yield f"## Final {subject.metric.name} of the replicates"
    header = [
        "method",
        "n",
        "median",
        "interval",
        "IQM",
        "interval",
        "reached target",
        f"{subject.unit}s to target",
    ]
    rows = [
        [
            one.method,
            _of(one.searches - one.without_result, one.searches),
            *_two_cells(one.median, form),
            *_two_cells(one.iqm, form),
            _of(one.reached, one.searches),
            _cell(one.steps_to_target.value, _COUNT),
            _cell(one.seconds_to_target.value, ".1f"),
            _cell(one.rank, _SHARE),
        ]
        for one in evidence.finals
    ]
    yield markdown_table([*header, "seconds to target", "average rank"], rows)
    yield (
        "n: searches with a result. Intervals: 95% confidence. The interval of the median assumes no "
        "distribution; with 5 searches it is their range, with 93.75% confidence, and with fewer there is "
        "none. IQM: interquartile mean, the mean of the middle half. The target is a "
        f"{subject.metric.name} of {evidence.target:{form}}. {subject.unit.capitalize()}s and seconds to "
        "target are medians; \u221e means that at least half of the searches did not reach the target. "
        "Average rank: the rank among the methods, averaged over the budget that all spent; 1 is best."
    )


def _pairs(evidence: Evidence) -> Iterable[str]:
    if max((one.pair.n for one in evidence.verdicts), default=0) < 2:
        return
    subject, form = evidence.subject, evidence.form
    yield "## Every two methods"
    yield "\n".join(f"- {sentence(one, subject, form)}" for one in evidence.verdicts)
    header = ["A", "B", "A is", "n", "A - B", "95% interval", "P(A better)", "95% interval", "effect"]
    rows = [
        [
            one.pair.a,
            one.pair.b,
            one.outcome.value,
            str(one.pair.n),
            *_two_cells(one.pair.difference, f"+{form}"),
            *_two_cells(one.pair.a_better, _SHARE),
            _cell(one.pair.effect, "+.2f"),
            _cell(one.pair.p_holm, _P),
            _cell(one.pair.p_equivalent_holm, _P),
            _cell(one.pair.p_wilcoxon_holm, _P),
        ]
        for one in evidence.verdicts
    ]
    yield markdown_table([*header, "p", "p equivalent", "p Wilcoxon"], rows)
    yield (
        f"A - B: mean difference of the {evidence.verdicts[0].endpoint} {subject.metric.name} within a "
        f"replicate; {'below' if subject.sign > 0 else 'above'} 0, A is better. P(A better): share of "
        f"replicates in which A has the {subject.better} {subject.metric.name}. n: replicates in which both "
        "have a result. Effect: Hedges' g, in standard deviations of the differences. p: paired t-test. p "
        f"equivalent: {_equivalence(evidence.margin)}. p Wilcoxon: "
        "signed-rank test, for information only; before correction it cannot be below 2 to the power of 1 - "
        "n. Each p is corrected for all pairs by Holm's method; the intervals are not corrected. A study of "
        "identical methods claims a difference at most 5% of the time if the number of replicates is fixed "
        "in advance. Adding replicates to an undecided study and looking again raises that to about 10% "
        "(docs/evidence/aa.md)."
    )


def _equivalence(margin: float | None) -> str:
    if margin is None:
        return "not tested, because no margin is set"
    return f"two one-sided t-tests against a margin of {margin:g}"


def _winners(evidence: Evidence) -> Iterable[str]:
    if evidence.winners is None:
        return
    yield "## Retrained winners"
    header = ["method", "value", "n", "mean", "95% interval", "sd between searches", "sd between seeds"]
    rows = []
    for name in evidence.final:
        values = [one.measured[name].mean.value for one in evidence.winners]
        form = evidence.form if name == evidence.subject.metric.name else result_form(values)
        for one in evidence.winners:
            found = one.measured[name]
            rows.append(
                [
                    one.method,
                    name,
                    _of(found.mean.n, one.searches),
                    *_two_cells(found.mean, form),
                    _cell(found.between, form),
                    _cell(found.within, form),
                    *_two_cells(one.gap, f"+{evidence.form}"),
                ]
            )
    yield markdown_table([*header, "gap", "95% interval"], rows)
    yield (
        f"The winner of a search is its configuration with the {evidence.subject.best} "
        f"{evidence.subject.metric.name}, retrained with new seeds. n: searches with a value. Gap: how much "
        f"better the {evidence.subject.metric.name} is that the search reported than the one after "
        "retraining; above 0, the search reported too good a result."
    )


def _audit(evidence: Evidence) -> Iterable[str]:
    if evidence.audit is None:
        return
    unit = evidence.subject.unit
    yield "## What early stopping cost and saved"
    for one in evidence.audit:
        if one.audited == 0:
            yield f"{one.method}: {count_of(one.stopped, 'trial')} stopped; none was trained to the end."
            continue
        won, best = _percent(one.would_have_won), _percent(one.among_best)
        yield (
            f"{one.method}: {one.audited} of {count_of(one.stopped, 'stopped trial')} "
            f"{'was' if one.audited == 1 else 'were'} trained to the end. Of these, {won} would have "
            f"been the best of their search, and {best} would have been among its best {BEST}. Stopping "
            f"saved {one.steps_saved.value:.1f} {unit}s per stopped trial on average, about "
            f"{100 * one.share_saved:.0f}% of all {unit}s that the searches would have needed without it."
        )


def _quality(evidence: Evidence) -> Iterable[str]:
    yield "## How the searches went"
    dead = any(one.dead is not None for one in evidence.quality)
    header = ["method", "searches", "proposed", "duplicates", *(["dead"] if dead else [])]
    header += ["failed", "95% interval", "best at a bound"]
    rows = [
        [
            one.method,
            str(one.searches),
            str(one.proposed),
            str(one.duplicates),
            *([str(one.dead)] if dead else []),
            *_two_cells(one.failed, ".3f"),
            "" if one.at_bound is None else _of(one.at_bound, one.with_result),
            ", ".join(f"{name} {bound} ({count})" for name, bound, count in one.bounds),
        ]
        for one in evidence.quality
    ]
    yield markdown_table([*header, "which bound"], rows)
    yield (
        "Duplicates: trials that repeat a configuration of the same search. "
        f"{DEAD_READING if dead else ''}Failed: share of the trials that "
        "ended. Best at a bound: searches whose best trial lies at the lower or upper bound of a parameter's "
        "range; better trials may lie beyond it."
    )


def _extras(evidence: Evidence) -> Iterable[str]:
    for extra in evidence.extras:
        yield f"## {extra.title}"
        yield " ".join(extra.sentences)


def _of(count: int, total: int) -> str:
    return f"{count} of {total}"


def _cell(value: float, form: str) -> str:
    if math.isnan(value):
        return ""
    return "\u221e" if math.isinf(value) else format(value, form)


def _two_cells(estimate: Estimate, form: str) -> tuple[str, str]:
    """Return the value and its interval; a cell is empty if there is none."""
    low, high = _cell(estimate.low, form), _cell(estimate.high, form)
    return _cell(estimate.value, form), f"{low} to {high}" if low and high else ""


def _percent(estimate: Estimate) -> str:
    return (
        f"{100 * estimate.value:.0f}% (95% interval {100 * estimate.low:.0f} to {100 * estimate.high:.0f}%)"
    )
