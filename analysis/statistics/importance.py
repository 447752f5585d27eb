"""How much each parameter matters to the objective, by two measures of Optuna.

PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023) asks where good trials lie: how much the values of a
parameter among the best tenth of the trials differ from those among all trials. fANOVA (Hutter, Hoos and
Leyton-Brown, ICML 2014) asks what moves the objective anywhere in the space: the share of its variance that a
random forest explains by the parameter alone or with others.

Both describe the trials that were run. A search that learns has more trials where results are good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.records.flat import Kind
from analysis.records.subject import Parameter, Subject
from analysis.statistics.intervals import Estimate, mean
from fashion_wb.trial import TrialState

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

# Fewer different trials of full length cannot tell the parameters of a replicate apart.
MIN_TRIALS = 16
# A forest's variances take time that grows with the square of the trials: 100 take a third of a second.
MAX_FOREST_TRIALS = 100
# Up to this many different numbers count as a list, as in `values: [16, 32, 64]`.
_FEW_VALUES = 20
_TREES = 16
_SEED = 0


@dataclass(frozen=True)
class Importance:
    """How much one parameter matters. All parameters together have 1 by either measure.

    Attributes:
        parameter: the parameter.
        ped_anova: mean share over replicates, with Student's interval; NaN if no replicate has enough trials.
        fanova: the same by fANOVA.
    """

    parameter: Parameter
    ped_anova: Estimate
    fanova: Estimate


@dataclass(frozen=True)
class Importances:
    """The importance of all parameters.

    Attributes:
        parameters: the most important by fANOVA first.
        trials: number of different trials of full length that were used, in all replicates.
        replicates: number of replicates with at least MIN_TRIALS of them.
        left_out: parameters that only some of these trials have: nothing is known about them.
    """

    parameters: tuple[Importance, ...]
    trials: int
    replicates: int
    left_out: tuple[Parameter, ...]


def importances(trials: pd.DataFrame, subject: Subject) -> Importances | None:
    """Estimate the importance of every parameter, replicate by replicate, over the trials of all methods.

    Only finished trials of full length count: those with the most steps of any finished trial. Results after
    fewer steps would be blamed on the parameters. A configuration counts once in a replicate.

    Args:
        trials: the result of `frames.trials_frame` for `subject`.
        subject: what the searches have in common.

    Returns:
        The importances, or None if fewer than two parameters vary among these trials, or no replicate has
        MIN_TRIALS of them.
    """
    usable = full_length(trials, subject).dropna(subset="minimised")
    usable = usable.drop_duplicates(["replicate", *subject.columns])
    groups = [own for _, own in usable.groupby("replicate") if len(own) >= MIN_TRIALS]
    if not groups:
        return None
    known = pd.concat(groups)
    everywhere = [one for one in subject.parameters if known[one.column].notna().all()]
    varying = [one for one in everywhere if known[one.column].nunique() > 1]
    if len(varying) < 2:
        return None
    encoded = known.assign(**{one.column: _encoded(one, known[one.column]) for one in varying})
    domains = {one.column: _domain(encoded[one.column]) for one in varying}
    shares = [_shares(own, domains) for _, own in encoded.groupby("replicate")]
    found = [_importance(one, shares) for one in varying]
    found.sort(key=lambda one: (-one.fanova.value, -one.ped_anova.value))
    absent = tuple(one for one in subject.parameters if one not in everywhere)
    return Importances(tuple(found), len(known), len(groups), absent)


def full_length(trials: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """Return the finished trials with the most steps of any finished trial."""
    finished = trials[(trials["state"] == TrialState.FINISHED) & trials[subject.value].notna()]
    full: pd.DataFrame = finished[finished["steps"] == finished["steps"].max()]
    return full


def most_important(found: Importances | None, subject: Subject, count: int = 2) -> tuple[Parameter, ...]:
    """Return the most important parameters; if importances are unknown, the first of the sweep file."""
    ranked = [] if found is None else [one.parameter for one in found.parameters]
    return (*ranked, *(one for one in subject.parameters if one not in ranked))[:count]


def _importance(parameter: Parameter, shares: Sequence[tuple[dict[str, float], ...]]) -> Importance:
    ped_anova, fanova = (mean([each[way][parameter.column] for each in shares]) for way in (0, 1))
    return Importance(parameter, ped_anova, fanova)


def _shares(trials: pd.DataFrame, domains: dict[str, BaseDistribution]) -> tuple[dict[str, float], ...]:
    """Return each parameter's share by PED-ANOVA and by fANOVA."""
    # Imported here: it takes a second, and small comparisons do not need it.
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    few = trials
    if len(trials) > MAX_FOREST_TRIALS:
        few = trials.sample(MAX_FOREST_TRIALS, random_state=np.random.default_rng(_SEED))
    forest = FanovaImportanceEvaluator(n_trees=_TREES, seed=_SEED)
    return (
        _normalised(PedAnovaImportanceEvaluator().evaluate(_study(trials, domains)), domains),
        _normalised(forest.evaluate(_study(few, domains)), domains),
    )


def _normalised(found: dict[str, float], domains: dict[str, Any]) -> dict[str, float]:
    total = sum(found.values())
    # If all trials have one result, no parameter matters more than another.
    return {name: found.get(name, 0.0) / total if total > 0 else 1 / len(domains) for name in domains}


def _study(trials: pd.DataFrame, domains: dict[str, BaseDistribution]) -> Study:
    from optuna.logging import get_verbosity, set_verbosity
    from optuna.study import create_study
    from optuna.trial import create_trial

    rows = trials[[*domains, "minimised"]].to_dict("records")
    before = get_verbosity()
    # Optuna announces every study.
    set_verbosity(40)
    try:
        study = create_study(direction="minimize")
    finally:
        set_verbosity(before)
    study.add_trials(
        [
            create_trial(
                params={name: row[name] for name in domains}, distributions=domains, value=row["minimised"]
            )
            for row in rows
        ]
    )
    return study


def _encoded(parameter: Parameter, values: pd.Series[Any]) -> pd.Series[Any]:
    """Return the values as the evaluators see them.

    Both measure distances: fANOVA weighs a value by the part of the range that it stands for, PED-ANOVA
    smooths along the range. Values that a search draws on a logarithmic scale become logarithms. Few values,
    such as those of a list, become their positions: otherwise 512 would dwarf 16, 32 and 64.
    """
    if parameter.kind is Kind.CATEGORY:
        return values.map(str)
    if values.nunique() <= _FEW_VALUES:
        return values.rank(method="dense").astype(int)
    if parameter.log and values.min() > 0:
        return values.astype(float).map(np.log10)
    return values.astype(float)


def _domain(values: pd.Series[Any]) -> BaseDistribution:
    """Return the range that the encoded values cover: that of the search may differ between methods."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if pd.api.types.is_integer_dtype(values.dtype):
        return IntDistribution(int(values.min()), int(values.max()))
    if pd.api.types.is_float_dtype(values.dtype):
        return FloatDistribution(float(values.min()), float(values.max()))
    return CategoricalDistribution(sorted(values.unique()))
