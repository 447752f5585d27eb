"""Everything that the searches of a study show, gathered once for texts, tables, pictures and reports."""

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
    """What the searches show; methods come in one order everywhere.

    Attributes:
        trials: a row a trial, `table.TRIAL_COLUMNS`.
        epochs: a row an epoch, `table.EPOCH_COLUMNS`.
        comparison: a row a method, `comparison.COMPARISON_COLUMNS`.
        results: a row a search, `finals.RESULT_COLUMNS`.
        curves: for each axis in `curves.AXES` a curve a method; a method none of whose searches has all
            its durations has none against seconds.
        random_band: random search's exact band, or None where there is none.
        finals: a method each.
        target: the validation loss in `finals`; NaN where no search has a result.
        margin: of equivalence in `verdicts`, in units of the loss.
        verdicts: of every two methods, undecided where there are too few replicates.
        quality: a method each.
        hypothesis: filters against accuracy and seconds.
        audit: of the methods that stopped trials; None if no trial was trained to the end for it.
        winners: of the methods whose choices were retrained; None if none was.
        retrained: the single records behind `winners`.
    """

    trials: pd.DataFrame
    epochs: pd.DataFrame
    comparison: pd.DataFrame
    results: pd.DataFrame
    curves: Mapping[str, tuple[Curve, ...]]
    random_band: RandomBand | None
    finals: tuple[Finals, ...]
    target: float
    margin: float
    verdicts: tuple[Verdict, ...]
    quality: tuple[Quality, ...]
    hypothesis: Hypothesis
    audit: tuple[Audit, ...] | None
    winners: tuple[Winners, ...] | None
    retrained: tuple[RetrainedWinner, ...]

    @property
    def methods(self) -> list[str]:
        """The methods, in order."""
        return self.comparison["method"].to_list()


def gather(
    searches: Sequence[SearchRecord],
    retrained: Sequence[RetrainedWinner] = (),
    audited: Sequence[AuditedTrial] = (),
    *,
    margin: float = MARGIN,
    target: float | None = None,
) -> Evidence:
    """All of it, from the searches of one study; the same searches give the same evidence.

    Args:
        searches: each once; methods come in this order.
        retrained: their chosen configurations trained again, one a search.
        audited: their stopped trials that were trained to the end, each once.
        margin: differences of the final loss below this are equivalent, above 0.
        target: a validation loss to be reached; the median final incumbent of all searches if None.

    Raises:
        ValueError: a margin not above 0, or an audited trial that no search stopped.
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
