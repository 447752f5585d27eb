"""What the real studies show, by the same rule: each method against random search."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.deciding.sentences import interval, listed
from analysis.formatting import markdown_table
from analysis.statistics.intervals import Floats, mean
from analysis.statistics.pairwise import Pair, compare_pairs, holm, paired_results
from analysis.statistics.verdicts import Outcome, outcome_of
from fashion_wb.study.conditions import FILE as CONDITIONS
from fashion_wb.study.fashion_mnist import MARGIN

_HEADER = (
    *("search", "n", "trials", "stopped", "epochs"),
    *("retrained loss", "against random", "verdict", "test accuracy"),
)
_TESTED = "retrained_test_accuracy"


@dataclass(frozen=True)
class RealStudy:
    """A study that trained.

    Attributes:
        name: what it is of.
        searches: one row per search, as `searches.csv` has them.
        trials: one row per trial, as `trials.csv` has them.
        conditions: the settings, the machine and the versions, as `conditions.json` has them.
    """

    name: str
    searches: pd.DataFrame
    trials: pd.DataFrame
    conditions: Mapping[str, Any]

    @property
    def methods(self) -> list[str]:
        """The methods, in order."""
        return list(self.searches["method"].unique())

    def results(self, column: str) -> dict[str, Floats]:
        """Return a column of the searches, by method."""
        groups = self.searches.groupby("method", sort=False)[column]
        return {str(method): values.dropna().to_numpy(dtype=float) for method, values in groups}


def read_study(name: str, *folders: Path) -> RealStudy | None:
    """Read the tables of a study, which may lie in several folders; None if there are none."""
    known = [folder for folder in folders if (folder / "searches.csv").is_file()]
    if not known:
        return None
    searches, trials = (
        pd.concat([pd.read_csv(folder / f"{table}.csv") for folder in known], ignore_index=True)
        for table in ("searches", "trials")
    )
    return RealStudy(name, searches, trials, json.loads((known[0] / CONDITIONS).read_text()))


def against_random(study: RealStudy) -> dict[str, Pair]:
    """Compare every method with random search by the retrained winners, corrected by Holm's method."""
    results = paired_results(study.searches.assign(final=study.searches["retrained"]))
    found = {
        method: compare_pairs(results[[method, "random"]], MARGIN)[0]
        for method in results.columns
        if method != "random"
    }
    p = holm([one.p for one in found.values()])
    same = holm([one.p_equivalent for one in found.values()])
    return {
        method: replace(one, p_holm=mine, p_equivalent_holm=theirs, tests=len(found))
        for (method, one), mine, theirs in zip(found.items(), p, same, strict=True)
    }


def results(study: RealStudy) -> str:
    """Return a row per method as a table, what it decides in a sentence, and what the columns are."""
    compared = against_random(study)
    rows = [_row(study, method, compared.get(method)) for method in study.methods]
    known, dead = _tested(study).notna().sum(), 100 * dead_share(study)
    return "\n\n".join(
        [
            markdown_table(_HEADER, rows).rstrip("\n"),
            decided(compared),
            "*Trials, stopped and epochs are means over the n searches. Retrained loss: mean lowest "
            "validation loss of a search's best configuration, trained again with new seeds"
            + (f"; test accuracy: of {known} of {len(study.searches)} searches" if known else "")
            + ". Intervals have 95% confidence. Verdicts are on the retrained loss, corrected for "
            f"{len(compared)} comparisons; equivalent means within {MARGIN:g}. "
            f"{dead:.2f}% of the trials never left chance level. {_setup(study.conditions)}*",
        ]
    )


def _row(study: RealStudy, method: str, pair: Pair | None) -> list[str]:
    of = (study.searches["method"] == method).to_numpy()
    own, trials = study.searches[of], study.trials[study.trials["method"] == method]
    stopped, tested = (trials["state"] == "stopped").sum() / len(own), mean(_known(_tested(study)[of]))
    return [
        method,
        str(len(own)),
        f"{own['trials'].mean():.1f}",
        f"{stopped:.1f}",
        f"{own['steps'].mean():.0f}",
        interval(mean(_known(own["retrained"]))),
        "" if pair is None else interval(pair.difference, "+.4f"),
        "" if pair is None else str(outcome_of(pair)),
        "" if math.isnan(tested.value) else interval(tested),
    ]


def _setup(conditions: Mapping[str, Any]) -> str:
    versions = ", ".join(
        f"{name} {conditions[name]}" for name in ("python", "torch", "wandb", "sweeps", "optuna")
    )
    return (
        f"{conditions['extras']['training images']:,} training images, seed {conditions['seed']}, "
        f"{conditions['workers']} trials at a time; {conditions['machine']}; {versions}."
    )


def _tested(study: RealStudy) -> pd.Series:
    """Return the test accuracy of each search; NaN where it is not on record."""
    return study.searches.get(_TESTED, pd.Series(math.nan, study.searches.index))


def _known(values: pd.Series) -> Floats:
    return values.dropna().to_numpy(dtype=float)


def decided(compared: Mapping[str, Pair]) -> str:
    """Return the verdicts of `against_random` in a sentence."""
    named = {
        outcome: [method for method, pair in compared.items() if outcome_of(pair) is outcome]
        for outcome in Outcome
    }
    parts = [
        f"{listed(methods)} {'is' if len(methods) == 1 else 'are'} {outcome}"
        for outcome, methods in named.items()
        if methods
    ]
    return f"Against random search: {'; '.join(parts)}."


def dead_share(study: RealStudy) -> float:
    """Return the share of finished trials that never left chance level."""
    finished = study.trials.loc[study.trials["state"] == "finished", "valid_loss"].dropna()
    return float(np.mean(finished > 2.29)) if len(finished) else math.nan


def better(study: RealStudy, methods: Sequence[str]) -> dict[str, Outcome]:
    """Return the verdicts against random search on some methods, those that the study has."""
    compared = against_random(study)
    return {method: outcome_of(compared[method]) for method in methods if method in compared}
