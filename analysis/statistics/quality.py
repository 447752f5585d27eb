"""Check each method's searches: duplicate configurations, failed trials, best trials at a bound."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.records.search import SearchRecord
from analysis.records.space import values_at_bounds
from analysis.statistics.intervals import Estimate, proportion
from fashion_wb.trial import TrialState


@dataclass(frozen=True)
class Quality:
    """The quality of one method's searches.

    Attributes:
        method: the method.
        searches: number of searches.
        proposed: number of trials in all searches, in any state.
        dead: number of trials that have learnt nothing, finished or stopped; None if that is not known.
        duplicates: number of trials that repeat a configuration of the same search.
        failed: share of failed trials among those that ended, with Wilson's interval. The interval assumes
            that trials fail independently.
        with_result: number of searches that have a best trial.
        at_bound: number of searches whose best trial lies at a bound of some parameter's range; None if the
            ranges of all searches are unknown.
        bounds: parameter, "low" or "high", and the number of searches whose best trial lies at this bound;
            the most frequent first.
    """

    method: str
    searches: int
    proposed: int
    dead: int | None
    duplicates: int
    failed: Estimate
    with_result: int
    at_bound: int | None
    bounds: tuple[tuple[str, str, int], ...]


def search_quality(searches: Sequence[SearchRecord], dead_above: float | None = None) -> tuple[Quality, ...]:
    """Check the searches of every method, in the order of `searches`.

    Args:
        searches: of any methods.
        dead_above: a trial whose objective stays above this is dead; None: none is.
    """
    methods = dict.fromkeys(search.method for search in searches)
    return tuple(
        _quality(method, [one for one in searches if one.method == method], dead_above) for method in methods
    )


def _quality(method: str, searches: Sequence[SearchRecord], dead_above: float | None) -> Quality:
    trials = [trial for search in searches for trial in search.trials]
    ended = [trial for trial in trials if trial.state.ended]
    failed = sum(trial.state is TrialState.FAILED for trial in ended)
    found = [(search, best) for search in searches if (best := search.best) is not None]
    at_bounds = [values_at_bounds(search.space, best.config) for search, best in found if search.space]
    counts = Counter(bound for of_search in at_bounds for bound in of_search)
    return Quality(
        method=method,
        searches=len(searches),
        proposed=len(trials),
        dead=None if dead_above is None else sum(_dead(search, dead_above) for search in searches),
        duplicates=sum(map(_duplicates, searches)),
        failed=proportion(failed, len(ended)),
        with_result=len(found),
        at_bound=sum(map(bool, at_bounds)) if any(search.space for search in searches) else None,
        bounds=tuple((name, bound, count) for (name, bound), count in counts.most_common()),
    )


def _dead(search: SearchRecord, above: float) -> int:
    usable = [trial for trial in search.trials if trial.state in (TrialState.FINISHED, TrialState.STOPPED)]
    results = [search.metric.best(trial.history) for trial in usable]
    return sum(result is not None and result > above for result in results)


def _duplicates(search: SearchRecord) -> int:
    configs = {json.dumps(trial.config, sort_keys=True, default=repr) for trial in search.trials}
    return len(search.trials) - len(configs)
