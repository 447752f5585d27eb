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

from analysis.deciding.conditions import METHODS
from analysis.deciding.sentences import interval, listed
from analysis.formatting import markdown_table
from analysis.statistics.intervals import Floats, mean
from analysis.statistics.pairwise import MIN_REPLICATES, Pair, compare_pairs, holm, paired_results
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
        planned: the number of replicates; by the protocol, nothing is judged before all are there.
    """

    name: str
    searches: pd.DataFrame
    trials: pd.DataFrame
    conditions: Mapping[str, Any]
    planned: int

    @property
    def methods(self) -> list[str]:
        """The methods, in the order of the replayed ones; others come last."""
        order = {method: position for position, method in enumerate(METHODS)}
        return sorted(self.searches["method"].unique(), key=lambda method: order.get(method, len(order)))

    @property
    def n(self) -> int:
        """The number of replicates that every method has."""
        return int(self.searches.groupby("method").size().min())

    @property
    def is_complete(self) -> bool:
        """Whether it can be judged."""
        return self.n >= self.planned

    def results(self, column: str) -> dict[str, Floats]:
        """Return a column of the searches, by method."""
        groups = self.searches.groupby("method", sort=False)[column]
        return {str(method): values.dropna().to_numpy(dtype=float) for method, values in groups}


def read_study(name: str, planned: int, *folders: Path) -> RealStudy | None:
    """Read the tables of a study of `planned` replicates, from several folders; None if there are none."""
    known = [folder for folder in folders if (folder / "searches.csv").is_file()]
    if not known:
        return None
    searches, trials = (
        pd.concat([pd.read_csv(folder / f"{table}.csv") for folder in known], ignore_index=True)
        for table in ("searches", "trials")
    )
    return RealStudy(name, searches, trials, json.loads((known[0] / CONDITIONS).read_text()), planned)


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


def results(study: RealStudy, note: str = "") -> str:
    """Return a row per method as a table, what it decides in a sentence, and what the columns are.

    A study that is not complete has neither differences nor verdicts. `note` follows the sentence.
    """
    compared = against_random(study) if study.is_complete else {}
    rows = [_row(study, method, compared.get(method)) for method in study.methods]
    filled = [at for at, cells in enumerate(zip(*rows, strict=True)) if any(cells)]
    known, dead = _tested(study).notna().sum(), 100 * dead_share(study)
    judged = (
        f"Verdicts are on the retrained loss, corrected for {len(compared)} comparisons; equivalent means "
        f"within {MARGIN:g}. "
    )
    return "\n\n".join(
        [
            markdown_table(
                [_HEADER[at] for at in filled], [[row[at] for at in filled] for row in rows]
            ).rstrip("\n"),
            f"{decided(study)} {note}".rstrip() + "\n"
            "*Trials, stopped and epochs are means over the n searches. Retrained loss: mean lowest "
            "validation loss of a search's best configuration, trained again with new seeds"
            + (f"; test accuracy: of {known} of {len(study.searches)} searches" if known else "")
            + f". Intervals have 95% confidence. {judged if compared else ''}"
            f"{dead:.2f}% of the trials never left chance level. {_setup(study.conditions)}*",
        ]
    )


def _row(study: RealStudy, method: str, pair: Pair | None) -> list[str]:
    of = (study.searches["method"] == method).to_numpy()
    own, trials = study.searches[of], study.trials[study.trials["method"] == method]
    stopped = (trials["state"] == "stopped").sum() / len(own)
    return [
        method,
        str(len(own)),
        f"{own['trials'].mean():.1f}",
        f"{stopped:.1f}",
        f"{own['steps'].mean():.0f}",
        _mean(_known(own["retrained"])),
        "" if pair is None else interval(pair.difference, "+.4f"),
        "" if pair is None else str(outcome_of(pair)),
        _mean(_known(_tested(study)[of])),
    ]


def _mean(values: Floats) -> str:
    """Return the mean, with an interval if there are values enough to say anything."""
    if not len(values):
        return ""
    found = mean(values)
    return interval(found) if len(values) >= MIN_REPLICATES else f"{found.value:.4f}"


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


def decided(study: RealStudy) -> str:
    """Return the verdicts on each method against random search in a sentence, or that it is too early."""
    if not study.is_complete:
        return f"{study.n} of {study.planned} replicates are there; verdicts come once, when all are."
    outcomes = {method: outcome_of(pair) for method, pair in against_random(study).items()}
    parts = [
        f"{listed(methods)} {'is' if len(methods) == 1 else 'are'} {outcome}"
        for outcome in Outcome
        if (methods := [method for method, found in outcomes.items() if found is outcome])
    ]
    return f"Against random search: {'; '.join(parts)}."


def dead_share(study: RealStudy) -> float:
    """Return the share of finished trials that never left chance level."""
    finished = study.trials.loc[study.trials["state"] == "finished", "valid_loss"].dropna()
    return float(np.mean(finished > 2.29)) if len(finished) else math.nan


def better(study: RealStudy, methods: Sequence[str]) -> dict[str, Outcome]:
    """Return the verdicts against random search on some methods, those that a complete study has."""
    compared = against_random(study) if study.is_complete else {}
    return {method: outcome_of(compared[method]) for method in methods if method in compared}
