"""A search in progress, without files or processes: when a trial may start, what it is, which to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, overload

from fashion_wb.early_stop import Stop
from fashion_wb.offline.breaker import CircuitBreaker
from fashion_wb.offline.spending.budget import Budget
from fashion_wb.offline.spending.tally import Ended
from fashion_wb.search.protocol import Pruner, Sampler
from fashion_wb.trial import Outcome, Trial, TrialState, stopped_early


@dataclass
class OngoingSearch:
    """The trials of one search so far, and what follows from them.

    Whoever runs the trials starts one when `can_start`, tells with `update` what it has logged, and stops
    those of `to_stop`.

    Attributes:
        sampler, pruner: the search.
        cap: maximum number of trials; None if only the sampler limits it.
        parallel: maximum number of trials at once. Suggestion k sees the results of trials 0 to k - parallel
            only, even if more have ended. So it does not depend on which trial happens to be faster, nor on
            how many slots there are.
        budget: what its trials may spend together; None if there is no such limit.
        trials: all trials so far, by number.
        waiting: the numbers of trials that were interrupted, which start again before new ones.
    """

    sampler: Sampler
    pruner: Pruner
    cap: int | None
    parallel: int
    budget: Budget | None = None
    trials: list[Trial] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    _exhausted: bool = False
    _ended: Ended = field(default_factory=Ended)
    _changed: set[int] = field(default_factory=set)

    @property
    def started(self) -> int:
        """How many trials have started, without those that wait to run again."""
        return len(self.trials) - len(self.waiting)

    def can_start(self, running: int) -> bool:
        """Tell whether a trial can start while `running` others run."""
        if running >= self.parallel:
            return False
        if self.waiting:
            return True
        return self._may_propose() and self._shown_results_known() and self._has_room()

    def ask(self) -> dict[str, Any] | None:
        """Suggest the configuration of the next new trial; None if the search has no more."""
        config = self.sampler.ask(self._shown_trials())
        self._exhausted = config is None
        return config

    def add(self, run_id: str, config: Mapping[str, Any]) -> Trial:
        """Add a trial that starts now."""
        self._changed.add(len(self.trials))
        self.trials.append(Trial(len(self.trials), run_id, config, TrialState.RUNNING))
        return self.trials[-1]

    def update(
        self,
        number: int,
        state: TrialState,
        history: Sequence[Mapping[str, Any]],
        reason: str = "",
        stop: Stop | None = None,
        machine: str = "",
    ) -> Trial:
        """Note a trial's state, and everything it has logged so far; return the trial with it.

        `machine` is where it ran, if there are several.
        """
        self._changed.add(number)
        self.trials[number] = replace(
            self.trials[number], state=state, history=tuple(history), reason=reason, stop=stop
        )
        if state.ended:
            self.breaker.count(state, machine)
        return self.trials[number]

    def interrupt(self, number: int) -> None:
        """Let a trial run again, from its beginning."""
        self._changed.add(number)
        self.trials[number] = replace(self.trials[number], history=())
        self.waiting.append(number)

    def to_stop(self) -> dict[int, Outcome]:
        """Return the outcomes of the running trials that the pruner stops, by number."""
        stops = self.pruner.stop(self.trials, self._changed)
        self._changed.clear()
        return {number: stopped_early(stop) for number, stop in stops.items()}

    def last_failure(self) -> Trial:
        """Return the newest trial that failed; there must be one."""
        return next(trial for trial in reversed(self.trials) if trial.state is TrialState.FAILED)

    def _may_propose(self) -> bool:
        return not self._exhausted and (self.cap is None or len(self.trials) < self.cap)

    def _shown_count(self) -> int:
        """Return how many trials, from the first, the next suggestion may see the results of."""
        return max(0, len(self.trials) - self.parallel + 1)

    def _shown_results_known(self) -> bool:
        if not self.sampler.needs_results:
            return True
        self._ended.look(self.trials)
        return min(self._ended.open, default=len(self.trials)) >= self._shown_count()

    def _has_room(self) -> bool:
        return self.budget is None or self.budget.has_room(self.trials, self._shown_count())

    def _shown_trials(self) -> Sequence[Trial]:
        return _ShownTrials(self.trials, self._shown_count())


class _ShownTrials(Sequence[Trial]):
    """The trials of a search as a suggestion may see them: the results of the first ones only.

    It copies none of them: with 100,000 trials that would take longer than a suggestion.
    """

    def __init__(self, trials: Sequence[Trial], known: int) -> None:
        self._trials = trials
        self._known = known
        self._hidden = [replace(t, state=TrialState.RUNNING, history=()) for t in trials[known:]]

    def __len__(self) -> int:
        return self._known + len(self._hidden)

    @overload
    def __getitem__(self, index: int) -> Trial: ...

    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...

    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = range(len(self))[index]
        return self._trials[position] if position < self._known else self._hidden[position - self._known]

    def __iter__(self) -> Iterator[Trial]:
        return chain(islice(self._trials, self._known), self._hidden)
