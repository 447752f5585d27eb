"""Gather everything that the searches of a study show, once for all texts, tables, figures and reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.extra import Extra
from analysis.formatting import result_form
from analysis.records.frames import steps_frame, trials_frame
from analysis.records.reruns import AuditedTrial, RetrainedWinner
from analysis.records.search import SearchRecord
from analysis.records.subject import Parameter, Subject, subject_of
from analysis.statistics.audit import Audit, audit
from analysis.statistics.finals import Finals, default_target, method_finals, search_results
from analysis.statistics.importance import Importances, importances, most_important
from analysis.statistics.incumbents.bands import RandomBand, random_band
from analysis.statistics.incumbents.curves import AXES, Curve, incumbent_curves, search_spending
from analysis.statistics.incumbents.gains import Gain, gains
from analysis.statistics.incumbents.ranks import Ranks, ranks
from analysis.statistics.incumbents.targets import Reached, reached
from analysis.statistics.methods import compare
from analysis.statistics.pareto import Fronts, pareto_fronts
from analysis.statistics.quality import Quality, search_quality
from analysis.statistics.verdicts import Verdict, judge_searches
from analysis.statistics.winners import Winners, summarise_winners, with_retrained
from analysis.units import (
    band_in_units,
    curve_in_units,
    finals_in_units,
    verdict_in_units,
)
from fashion_wb.study.reported import NOTHING_MORE, Reported


@dataclass(frozen=True)
class Evidence:
    """What the searches show, in units of the objective. Methods have the same order everywhere.

    Attributes:
        subject: what the searches have in common.
        trials: one row per trial, `frames.trial_columns`.
        steps: one row per step, `frames.STEP_COLUMNS`.
        comparison: one row per method, `methods.comparison_columns`.
        results: one row per search, `finals.RESULT_COLUMNS` and what `winners.with_retrained` adds; all
            results are in units of the objective.
        curves: for each axis in `curves.AXES`, one curve per method. A method has no curve against seconds if
            each of its searches has a step of unknown duration.
        random_band: the exact band of random search, or None if there is none.
        gains: for each axis, each method's gain over random search, in the objective's units; positive is
            better.
        reached: for each axis, how many searches of each method have reached the target.
        ranks: for each axis, each method's rank.
        finals: one per method.
        target: the target of the objective in `finals`; NaN if no search has a result.
        margin: smaller differences are equivalent in `verdicts`. None if there is none.
        verdicts: one for every two methods; undecided if there are too few replicates.
        quality: one per method.
        audit: one per method that stopped trials; None if no stopped trial was trained to the end.
        final: the names of the values that retrained winners are measured by.
        winners: one per method with retrained winners; None if there are none.
        retrained: the single records that `winners` summarises.
        importances: how much each parameter matters; None if that is unknown.
        fronts: the Pareto fronts of the objective and the seconds of a trial.
        extras: what this study reports beside what every study does.
    """

    subject: Subject
    trials: pd.DataFrame
    steps: pd.DataFrame
    comparison: pd.DataFrame
    results: pd.DataFrame
    curves: Mapping[str, tuple[Curve, ...]]
    random_band: RandomBand | None
    gains: Mapping[str, tuple[Gain, ...]]
    reached: Mapping[str, tuple[Reached, ...]]
    ranks: Mapping[str, tuple[Ranks, ...]]
    finals: tuple[Finals, ...]
    target: float
    margin: float | None
    verdicts: tuple[Verdict, ...]
    quality: tuple[Quality, ...]
    audit: tuple[Audit, ...] | None
    final: tuple[str, ...]
    winners: tuple[Winners, ...] | None
    retrained: tuple[RetrainedWinner, ...]
    importances: Importances | None
    fronts: Fronts
    extras: tuple[Extra, ...] = ()

    @property
    def methods(self) -> list[str]:
        """The names of the methods, in order."""
        return self.comparison["method"].to_list()

    @property
    def shown(self) -> tuple[Parameter, ...]:
        """The parameters that a plot over two parameters has on its axes: at most two."""
        return self.by_importance[:2]

    @property
    def by_importance(self) -> tuple[Parameter, ...]:
        """The parameters, the most important first; in the order of the sweep files if that is unknown."""
        parameters = self.subject.parameters
        return most_important(self.importances, self.subject, len(parameters))

    @property
    def form(self) -> str:
        """The format of the objective and of its differences."""
        return result_form(self.results["final"])

    @property
    def forms(self) -> dict[str, str]:
        """The formats of the columns of `trials` and `comparison` that are not plain numbers."""
        results = {name: result_form(self.trials[name]) for name in self.subject.result_columns.values()}
        return {"seconds": ".1f", **results, self.subject.value: self.form}


def gather(
    searches: Sequence[SearchRecord],
    retrained: Sequence[RetrainedWinner] = (),
    audited: Sequence[AuditedTrial] = (),
    *,
    reported: Reported = NOTHING_MORE,
    target: float | None = None,
) -> Evidence:
    """Gather the evidence from the searches of one study; the same searches give the same evidence.

    Args:
        searches: at least one, each once; they set the order of the methods.
        retrained: their retrained winners, at most one per search.
        audited: their stopped trials that were trained to the end, each once.
        reported: other values, and the margin of equivalence.
        target: a target of the objective; by default the median final incumbent of all searches.

    Raises:
        FashionWbError: the searches have different objectives.
        ValueError: the margin is not above 0, or no search stopped an audited trial.
    """
    subject = subject_of(searches, reported.also, reported.step_seconds)
    trials, steps = trials_frame(searches, subject), steps_frame(searches, subject)
    final = reported.final or (subject.metric.name,)
    results = with_retrained(search_results(trials), retrained, final, subject)
    spending = {axis: search_spending(trials, steps, axis) for axis in AXES}
    goal = default_target(results) if target is None else subject.sign * target
    order = {method: position for position, method in enumerate(results["method"].unique())}
    chosen = sorted(retrained, key=lambda one: order.get(one.method, len(order)))
    finals = method_finals(results, spending["steps"], spending["seconds"], goal)
    margin = reported.margin
    verdicts = judge_searches(results, margin)
    curves = {axis: incumbent_curves(spending[axis], axis) for axis in AXES}
    return Evidence(
        subject=subject,
        trials=trials,
        steps=steps,
        comparison=compare(trials, subject),
        results=results.assign(**{name: subject.sign * results[name] for name in ("final", "retrained")}),
        curves={axis: tuple(curve_in_units(one, subject) for one in curves[axis]) for axis in AXES},
        random_band=band_in_units(random_band(trials), subject),
        gains={axis: gains(spending[axis]) for axis in AXES},
        reached={axis: reached(spending[axis], goal) for axis in AXES},
        ranks={axis: ranks(spending[axis]) for axis in AXES},
        finals=tuple(finals_in_units(one, subject) for one in finals),
        target=subject.sign * goal,
        margin=margin,
        verdicts=tuple(verdict_in_units(one, subject) for one in verdicts),
        quality=search_quality(searches, reported.dead_above),
        audit=audit(audited, trials, subject) if audited else None,
        final=final,
        winners=summarise_winners(chosen, final, subject) if chosen else None,
        retrained=tuple(chosen),
        importances=importances(trials, subject),
        fronts=pareto_fronts(trials, subject),
    )
