"""Gather everything that the searches of a study show, once for all texts, tables, figures and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.records.frames import epochs_frame, trials_frame
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from analysis.statistics.audit import Audit, audit
from analysis.statistics.bands import RandomBand, random_band
from analysis.statistics.curves import AXES, Curve, incumbent_curves, search_steps
from analysis.statistics.filters import Hypothesis, check_hypothesis
from analysis.statistics.finals import Finals, default_target, method_finals, search_results
from analysis.statistics.methods import compare
from analysis.statistics.pairwise import compare_pairs, paired_losses
from analysis.statistics.quality import Quality, search_quality
from analysis.statistics.verdicts import MARGIN, Verdict, judge
from analysis.statistics.winners import Winners, summarise_winners


@dataclass(frozen=True)
class Evidence:
    """What the searches show. Methods have the same order everywhere.

    Attributes:
        trials: one row per trial, `frames.TRIAL_COLUMNS`.
        epochs: one row per epoch, `frames.EPOCH_COLUMNS`.
        comparison: one row per method, `methods.COMPARISON_COLUMNS`.
        results: one row per search, `finals.RESULT_COLUMNS`.
        curves: for each axis in `curves.AXES`, one curve per method. A method has no curve against seconds if
            each of its searches has an epoch of unknown duration.
        random_band: the exact band of random search, or None if there is none.
        finals: one per method.
        target: the target validation loss in `finals`; NaN if no search has a result.
        margin: smaller differences are equivalent in `verdicts`; in units of the loss. None if there is none.
        verdicts: one for every two methods; undecided if there are too few replicates.
        quality: one per method.
        hypothesis: filters against accuracy and seconds.
        audit: one per method that stopped trials; None if no stopped trial was trained to the end.
        winners: one per method with retrained winners; None if there are none.
        retrained: the single records that `winners` summarises.
    """

    trials: pd.DataFrame
    epochs: pd.DataFrame
    comparison: pd.DataFrame
    results: pd.DataFrame
    curves: Mapping[str, tuple[Curve, ...]]
    random_band: RandomBand | None
    finals: tuple[Finals, ...]
    target: float
    margin: float | None
    verdicts: tuple[Verdict, ...]
    quality: tuple[Quality, ...]
    hypothesis: Hypothesis
    audit: tuple[Audit, ...] | None
    winners: tuple[Winners, ...] | None
    retrained: tuple[RetrainedWinner, ...]

    @property
    def methods(self) -> list[str]:
        """The names of the methods, in order."""
        return self.comparison["method"].to_list()


def gather(
    searches: Sequence[SearchRecord],
    retrained: Sequence[RetrainedWinner] = (),
    audited: Sequence[AuditedTrial] = (),
    *,
    margin: float | None = MARGIN,
    target: float | None = None,
) -> Evidence:
    """Gather the evidence from the searches of one study; the same searches give the same evidence.

    Args:
        searches: each once; they set the order of the methods.
        retrained: their retrained winners, at most one per search.
        audited: their stopped trials that were trained to the end, each once.
        margin: smaller differences of the final loss are equivalent; above 0. None: no pair is equivalent.
        target: a target validation loss; by default the median final incumbent of all searches.

    Raises:
        ValueError: the margin is not above 0, or no search stopped an audited trial.
    """
    trials, epochs = trials_frame(searches), epochs_frame(searches)
    results = search_results(trials)
    steps = {axis: search_steps(trials, epochs, axis) for axis in AXES}
    goal = default_target(results) if target is None else target
    order = {method: position for position, method in enumerate(results["method"].unique())}
    chosen = sorted(retrained, key=lambda one: order.get(one.method, len(order)))
    return Evidence(
        trials=trials,
        epochs=epochs,
        comparison=compare(trials),
        results=results,
        curves={axis: incumbent_curves(steps[axis], axis) for axis in AXES},
        random_band=random_band(trials),
        finals=method_finals(results, steps["epochs"], steps["seconds"], goal),
        target=goal,
        margin=margin,
        verdicts=judge(compare_pairs(paired_losses(results), margin), margin),
        quality=search_quality(searches),
        hypothesis=check_hypothesis(trials),
        audit=audit(audited, trials) if audited else None,
        winners=summarise_winners(chosen) if chosen else None,
        retrained=tuple(chosen),
    )
