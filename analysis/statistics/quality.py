"""How well each method searched: configurations proposed twice, trials that failed, best at an end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.records.frames import USABLE_STATES
from analysis.records.search import SearchRecord
from analysis.records.space import values_at_bounds
from analysis.statistics.intervals import Estimate, proportion
from fashion_wb.trial import Trial, TrialState


@dataclass(frozen=True)
class Quality:
    """One method's searches.

    Attributes:
        method: the method.
        searches: how many.
        proposed: trials of all of them, in whatever state.
        duplicates: how many of these repeat a configuration of the same search.
        failed: share of failed trials among those that ended, with Wilson's interval (as if trials failed
            independently of one another).
        with_result: searches that have a best trial.
        at_bound: how many of these have it at an end of some parameter's range; None where no search of
            the method says what its ranges are.
        bounds: parameter, "low" or "high", and in how many searches the best trial lies there; most often
            first.
    """

    method: str
    searches: int
    proposed: int
    duplicates: int
    failed: Estimate
    with_result: int
    at_bound: int | None
    bounds: tuple[tuple[str, str, int], ...]


def search_quality(searches: Sequence[SearchRecord]) -> tuple[Quality, ...]:
    """Every method's quality, in the order of `searches`."""
    methods = dict.fromkeys(search.method for search in searches)
    return tuple(_quality(method, [one for one in searches if one.method == method]) for method in methods)


def best_of(search: SearchRecord) -> Trial | None:
    """The finished or stopped trial with the best metric, the first of equals, or None."""
    usable = [trial for trial in search.trials if trial.state.value in USABLE_STATES]
    best, best_value = None, 0.0
    for trial in sorted(usable, key=lambda trial: trial.number):
        value = search.metric.best(trial.history)
        if value is not None and (best is None or search.metric.better(value, best_value)):
            best, best_value = trial, value
    return best


def _quality(method: str, searches: Sequence[SearchRecord]) -> Quality:
    trials = [trial for search in searches for trial in search.trials]
    ended = [trial for trial in trials if trial.state.ended]
    failed = sum(trial.state is TrialState.FAILED for trial in ended)
    found = [(search, best) for search in searches if (best := best_of(search)) is not None]
    ends = [values_at_bounds(search.space, best.config) for search, best in found if search.space]
    counts = Counter(end for of_search in ends for end in of_search)
    return Quality(
        method=method,
        searches=len(searches),
        proposed=len(trials),
        duplicates=sum(map(_duplicates, searches)),
        failed=proportion(failed, len(ended)),
        with_result=len(found),
        at_bound=sum(map(bool, ends)) if any(search.space for search in searches) else None,
        bounds=tuple((name, end, count) for (name, end), count in counts.most_common()),
    )


def _duplicates(search: SearchRecord) -> int:
    configs = {json.dumps(trial.config, sort_keys=True, default=repr) for trial in search.trials}
    return len(search.trials) - len(configs)
