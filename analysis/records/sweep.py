"""One sweep as it is: with its whole configuration, and with a metric or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.records.search_name import split_name
from fashion_wb.trial import Metric, Trial


@dataclass(frozen=True)
class SweepRecord:
    """One sweep and its trials, to be taken elsewhere. What a comparison needs is a `SearchRecord`.

    Attributes:
        name: its name, such as "bayes-r3".
        sweep: the W&B sweep id.
        metric: the objective; None if the sweep has none.
        trials: in any order; sort them by number.
        config: the sweep's configuration, as its file has it.
    """

    name: str
    sweep: str
    metric: Metric | None
    trials: tuple[Trial, ...] = field(repr=False)
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def method(self) -> str:
        """The name of the method in tables: "bayes" for "bayes-r3"."""
        return split_name(self.name)[0]

    @property
    def replicate(self) -> int:
        """The number of the replicate, from 0: 3 for "bayes-r3"."""
        return split_name(self.name)[1]

    @property
    def ordered(self) -> list[Trial]:
        """The trials by number."""
        return sorted(self.trials, key=lambda trial: trial.number)
