"""One sweep and its trials, as the analysis uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.records.space import Range, ranges
from fashion_wb.trial import Metric, Trial, TrialState


@dataclass(frozen=True)
class SearchRecord:
    """One sweep and its trials.

    Attributes:
        method: the name of the method in tables, such as "bayes".
        sweep: the W&B sweep id.
        metric: the objective of the sweep; it decides which step of a trial is the best.
        trials: in any order; sort them by number.
        replicate: from 0; where trials have a seed, replicate r of every method has the same one.
        parameters: the `parameters` of the sweep's configuration; empty if they are unknown.
    """

    method: str
    sweep: str
    metric: Metric
    trials: tuple[Trial, ...]
    replicate: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def space(self) -> dict[str, Range]:
        """The ranges searched, by parameter."""
        return ranges(self.parameters)

    @property
    def configs(self) -> Iterator[Mapping[str, Any]]:
        """The configurations of the trials."""
        return (trial.config for trial in self.trials)

    @property
    def best(self) -> Trial | None:
        """The finished or stopped trial with the best objective, the first of equals; None without one."""
        best, best_value = None, 0.0
        for trial in sorted(self.trials, key=lambda trial: trial.number):
            value = self.metric.best(trial.history)
            if trial.state not in (TrialState.FINISHED, TrialState.STOPPED) or value is None:
                continue
            if best is None or self.metric.is_better(value, best_value):
                best, best_value = trial, value
        return best
