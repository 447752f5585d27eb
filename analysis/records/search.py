"""One sweep and its trials, as the analysis takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.records.space import Range
from fashion_wb.trial import Metric, Trial


@dataclass(frozen=True)
class SearchRecord:
    """One sweep's trials.

    Attributes:
        method: what tables call the search, such as "bayes".
        sweep: the W&B sweep id.
        metric: the sweep's objective; it decides which epoch of a trial is the best.
        trials: in any order; their numbers order them.
        replicate: from 0; replicate r of every method shares data split, initial weights and seed.
        space: the ranges searched, by parameter; empty where they are not known.
    """

    method: str
    sweep: str
    metric: Metric
    trials: tuple[Trial, ...]
    replicate: int = 0
    space: Mapping[str, Range] = field(default_factory=dict)
