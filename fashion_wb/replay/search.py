"""Run a search on answers that are known at once, on a clock that only they move."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.trial import TrialState

Rows = Sequence[Mapping[str, Any]]


def replay_search(
    search: OngoingSearch, rows_of: Callable[[Mapping[str, Any]], Rows], sweep_id: str
) -> float:
    """Run a search to its end; its trials have what they would have logged, in the order of their times.

    Trials start, are seen by suggestions and are stopped early as in a sweep that trains. A stop takes effect
    at the row that caused it.

    Args:
        search: the search, with its trials so far.
        rows_of: the rows that a configuration logs, at least one, with their `_runtime` in seconds.
        sweep_id: the trials are named SWEEP_ID-NUMBER.

    Returns:
        The seconds that the search would have taken, all trials at once that it allows.
    """
    now = 0.0
    running: dict[int, tuple[float, Rows]] = {}
    # When which running trial logs which of its rows next.
    due: list[tuple[float, int, int]] = []

    def start(number: int) -> None:
        rows = rows_of(search.trials[number].config)
        running[number] = now, rows
        # Between its first and its last row a trial that cannot be stopped changes nothing.
        first = 0 if search.pruner.prunes else len(rows) - 1
        heapq.heappush(due, (now + rows[first]["_runtime"], number, first))

    while True:
        while search.can_start(len(running)) and (number := _next(search, sweep_id)) is not None:
            start(number)
        if not due:
            return now
        time, number, row = heapq.heappop(due)
        if number not in running:
            continue
        now, (started, rows) = time, running[number]
        if row + 1 == len(rows):
            search.update(number, TrialState.FINISHED, rows)
            del running[number]
        else:
            search.update(number, TrialState.RUNNING, rows[: row + 1])
            heapq.heappush(due, (started + rows[row + 1]["_runtime"], number, row + 1))
        for stopped, end in search.to_stop().items():
            if stopped in running:
                search.update(stopped, end.state, search.trials[stopped].history, end.reason, end.stop)
                del running[stopped]


def _next(search: OngoingSearch, sweep_id: str) -> int | None:
    """Return the number of the trial to start now; None if the search has no more."""
    if search.waiting:
        return search.waiting.pop(0)
    config = search.ask()
    return None if config is None else search.add(f"{sweep_id}-{len(search.trials):04d}", config).number
