"""What the real studies show: each method against random search, from the small tables in docs/evidence."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.deciding.real import (
    against_random,
    better,
    dead_share,
    decided,
    read_study,
    results,
)
from analysis.statistics.verdicts import Outcome, outcome_of

N = 20
CONDITIONS = {
    **{
        "machine": "a machine",
        "python": "3.11",
        "torch": "2",
        "wandb": "0.31",
        "sweeps": "0.3",
        "optuna": "5",
    },
    **{"seed": 0, "workers": 2, "trials": 20, "extras": {"training images": 50000}},
}


@pytest.fixture
def folder(tmp_path):
    """Three methods: random, one that is 0.05 better, one within the margin."""
    chance = np.random.default_rng(1)
    random = 0.36 + 0.01 * chance.normal(size=N)
    levels = {
        "random": random,
        "low": random - 0.05 + 0.004 * chance.normal(size=N),
        "same": random + 0.001 * chance.normal(size=N),
    }
    rows = [
        (method, f"{method}{r}", r, 20, 200 - 5 * r, 60.0, 0.3, values[r], 0.88 + 0.001 * r if r else np.nan)
        for method, values in levels.items()
        for r in range(N)
    ]
    names = "method sweep replicate trials steps seconds final retrained retrained_test_accuracy".split()
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "searches.csv", index=False)
    trials = [
        (method, f"{method}{r}", r, state, loss)
        for method in levels
        for r in range(N)
        for state, loss in (("finished", 2.3027), ("finished", 0.4), ("stopped", 0.5), ("stopped", 0.6))
    ]
    names = "method sweep replicate state valid_loss".split()
    pd.DataFrame(trials, columns=names).to_csv(tmp_path / "trials.csv", index=False)
    (tmp_path / "conditions.json").write_text(json.dumps(CONDITIONS))
    return tmp_path


def test_each_method_is_compared_with_random_search_by_the_retrained_winners(folder):
    study = read_study("a study", N, folder)
    found, by_method = against_random(study), study.results("retrained")
    assert {method: outcome_of(pair) for method, pair in found.items()} == {
        "low": Outcome.BETTER,
        "same": Outcome.EQUIVALENT,
    }
    oracle = stats.ttest_rel(by_method["low"], by_method["random"])
    assert found["low"].p == pytest.approx(oracle.pvalue)
    assert found["low"].p_holm == pytest.approx(2 * oracle.pvalue)
    interval = oracle.confidence_interval(0.95)
    assert (found["low"].difference.low, found["low"].difference.high) == pytest.approx(tuple(interval))
    assert decided(study) == "Against random search: low is better; same is equivalent."
    assert dead_share(study) == 0.5


def test_the_table_has_what_was_spent_and_what_the_winners_reach(folder):
    text = results(read_study("a study", N, folder))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    random, low, _ = rows[2:]
    # 152 is the mean of 200, 195, ... 105 epochs; 0.89 is that of 0.881, 0.882, ... 0.899.
    assert random[:5] == ["random", "20", "20.0", "2.0", "152"] and random[6:8] == ["", ""]
    assert low[7] == "better" and low[8].startswith("0.8900 (0.88")
    assert "test accuracy: of 57 of 60 searches" in text and "corrected for 2 comparisons" in text
    assert "50.00% of the trials never left chance level. 50,000 training images, seed 0, 2 trials" in text


def test_studies_in_several_folders_are_one(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    for name in ("searches", "trials"):
        frame = pd.read_csv(folder / f"{name}.csv")
        frame[frame["method"] == "low"].to_csv(other / f"{name}.csv", index=False)
        frame[frame["method"] != "low"].to_csv(folder / f"{name}.csv", index=False)
    study = read_study("a study", N, folder, other, folder / "not there")
    assert study.methods == ["random", "same", "low"] and len(study.searches) == 3 * N
    assert read_study("none", N, folder / "not there") is None


def test_a_single_value_has_no_interval_and_none_is_no_number(folder):
    searches = pd.read_csv(folder / "searches.csv")
    searches.loc[searches["method"] == "low", "retrained_test_accuracy"] = np.nan
    searches.loc[(searches["method"] == "same") & (searches["replicate"] > 1), "retrained_test_accuracy"] = (
        np.nan
    )
    searches.to_csv(folder / "searches.csv", index=False)
    text = results(read_study("a study", N, folder))
    assert "nan" not in text and "| 0.8810 |" in re.sub(" +", " ", text)


def test_nothing_is_judged_before_all_replicates_are_there(folder):
    for name in ("searches", "trials"):
        frame = pd.read_csv(folder / f"{name}.csv")
        kept = (frame["method"] != "low") | (frame["replicate"] < N - 1)
        frame[kept].to_csv(folder / f"{name}.csv", index=False)
    study = read_study("a study", N, folder)
    text = results(study)
    assert decided(study) == f"{N - 1} of {N} replicates are there; verdicts come once, when all are."
    assert decided(study) in text and "0.8900 (0.88" in text and better(study, ["low"]) == {}
    assert not any(word in text for word in ("against random", "verdict |", "better", "Verdicts"))


def test_a_column_that_nothing_is_known_of_is_left_out(folder):
    pd.read_csv(folder / "searches.csv").drop(columns="retrained_test_accuracy").to_csv(
        folder / "searches.csv", index=False
    )
    text = results(read_study("a study", N, folder))
    assert "test accuracy" not in text and "| verdict" in re.sub(" +", " ", text)
