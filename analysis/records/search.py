"""One sweep and its trials, as the analysis uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.records.space import Range
from fashion_wb.trial import Metric, Trial


@dataclass(frozen=True)
class SearchRecord:
    """One sweep and its trials.

    Attributes:
        method: the name of the method in tables, such as "bayes".
        sweep: the W&B sweep id.
        metric: the objective of the sweep; it decides which epoch of a trial is the best.
        trials: in any order; sort them by number.
        replicate: from 0; replicate r of every method has the same data split, initial weights and seed.
        space: the ranges searched, by parameter; empty if they are unknown.
    """

    method: str
    sweep: str
    metric: Metric
    trials: tuple[Trial, ...]
    replicate: int = 0
    space: Mapping[str, Range] = field(default_factory=dict)
