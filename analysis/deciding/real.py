"""What the real studies show, by the same rule: each method against random search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.deciding.sentences import interval
from analysis.formatting import markdown_table
from analysis.statistics.intervals import Floats, mean
from analysis.statistics.pairwise import Pair, compare_pairs, holm, paired_results
from analysis.statistics.verdicts import Outcome, outcome_of
from fashion_wb.study.fashion_mnist import MARGIN


@dataclass(frozen=True)
class RealStudy:
    """A study that trained.

    Attributes:
        name: what it is of.
        searches: one row per search, as `searches.csv` has them.
        trials: one row per trial, as `trials.csv` has them.
    """

    name: str
    searches: pd.DataFrame
    trials: pd.DataFrame

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
    tables = [
        pd.concat([pd.read_csv(folder / f"{table}.csv") for folder in known], ignore_index=True)
        for table in ("searches", "trials")
    ]
    return RealStudy(name, *tables)


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


def section(study: RealStudy) -> str:
    """Return the section of a real study: a row per method."""
    compared, rows = against_random(study), []
    for method in study.methods:
        own = study.searches[study.searches["method"] == method]
        retrained, trials = mean(own["retrained"].dropna().to_numpy(dtype=float)), own["trials"].mean()
        row = [method, str(len(own)), f"{trials:.1f}", f"{own['steps'].mean():.0f}", interval(retrained)]
        if method == "random":
            rows.append([*row, "", ""])
            continue
        pair = compared[method]
        rows.append([*row, interval(pair.difference, "+.4f"), str(outcome_of(pair))])
    header = ["search", "n", "trials", "epochs", "retrained loss", "against random", "verdict"]
    dead = dead_share(study)
    note = "" if math.isnan(dead) else f" {100 * dead:.2f}% of the trials never left chance level."
    return "\n\n".join(
        [
            f"## {study.name}",
            markdown_table(header, rows).rstrip("\n"),
            "Trials and epochs are means over the searches. Retrained loss: the mean lowest validation loss "
            "of the winners, retrained with new seeds. Verdicts are corrected for "
            f"{len(compared)} comparisons." + note,
        ]
    )


def dead_share(study: RealStudy) -> float:
    """Return the share of finished trials that never left chance level."""
    finished = study.trials.loc[study.trials["state"] == "finished", "valid_loss"].dropna()
    return float(np.mean(finished > 2.29)) if len(finished) else math.nan


def better(study: RealStudy, methods: Sequence[str]) -> dict[str, Outcome]:
    """Return the verdicts against random search on some methods, those that the study has."""
    compared = against_random(study)
    return {method: outcome_of(compared[method]) for method in methods if method in compared}
