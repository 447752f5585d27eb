"""From replayed searches to the page: what is said is what the searches have."""

from __future__ import annotations

import re
import zlib

import numpy as np
import pytest

from analysis.deciding.answers import Answers, seconds_of_random
from analysis.deciding.conditions import METHODS, TRIALS, Condition
from analysis.deciding.runs import RESAMPLED, Replayed
from analysis.deciding.sentences import TARGET, first_below, largest_equal, time_to_target
from analysis.deciding.traces import CURVES
from analysis.deciding.write import BEGIN, END, write_all
from analysis.statistics.intervals import Estimate
from analysis.statistics.verdicts import Outcome
from fashion_wb.replay.table import Table

LOSSES = {"bayes": 0.33, "hyperopt": 0.36, "optuna": 0.361, "random": 0.38, "hyperband": 0.40, "person": 0.33}
N, M = 40, 3


@pytest.fixture(scope="module")
def table():
    filters, lr, epochs = tuple(range(2, 16)), np.geomspace(1e-4, 3e-3, 13), 10
    chance = np.random.default_rng(1)
    level = 0.3 + 0.2 / np.array(filters)[:, None] + 0.02 * np.log(lr / 1e-3) ** 2
    valid = level[..., None] + 0.3 / np.arange(1, epochs + 1) + 0.01 * chance.normal(size=(6, 14, 13, 1))
    curves = {"valid_loss": valid, "valid_accuracy": np.exp(-valid), "train_loss": valid * 0.9}
    return Table(filters, lr, tuple(range(6)), curves, 0.1 * np.array(filters))


def made_up(condition, level, epochs=10.0, trials=None):
    """Made-up searches that end at `level`, 0.2 above it in the beginning."""
    count, chance = (
        trials or int(condition.amount),
        np.random.default_rng(zlib.crc32(condition.name.encode())),
    )
    table = np.concatenate([np.zeros(N, int), np.repeat(np.arange(1, RESAMPLED + 1), M)])
    replicate = np.concatenate([np.arange(N), np.tile(np.arange(M), RESAMPLED)])
    falling = level + 0.2 * np.exp(-np.arange(count) / 3.0)
    noise = 0.004 * chance.normal(size=(len(table), 1))
    spent = np.arange(1.0, count + 1)[None].repeat(len(table), axis=0)
    curves = dict.fromkeys(CURVES, np.zeros_like(spent)) | {
        "true": falling + noise,
        "observed": falling + noise - 0.01,
        "accuracy": 1 - falling - noise,
        "filters": np.full_like(spent, 12),
        "lr": np.full_like(spent, 1e-3),
        "epochs": spent * epochs,
        "seconds": spent * 6.0,
    }
    return condition.name, Replayed(table, replicate, curves, np.full(len(table), count))


@pytest.fixture(scope="module")
def searches():
    found = [
        made_up(
            Condition(method, "trials", trials),
            LOSSES.get(method, 0.37),
            4.0 if method == "hyperband" else 10.0,
        )
        for method in METHODS
        for trials in TRIALS
    ]
    found.append(made_up(Condition("person", "trials", 3), LOSSES["person"], trials=3))
    found.append(made_up(Condition("default", "trials", 1), 0.39, trials=1))
    found.append(made_up(Condition("hyperband", "epochs", 200), 0.35, trials=45))
    found.append(made_up(Condition("bayes", "trials", 20, 4), 0.333))
    return dict(found)


@pytest.fixture(scope="module")
def answers(searches, table):
    return Answers(searches, table, seconds_of_random(searches["random-50-trials"]))


def test_values_are_those_of_the_budget_asked_for(answers):
    assert answers.values("random", 5).of.mean() == pytest.approx(0.38 + 0.2 * np.exp(-4 / 3), abs=0.003)
    assert answers.values("hyperopt", 20).of.mean() == pytest.approx(0.36, abs=0.003)
    assert answers.values("bayes", at_once=4).of.mean() == pytest.approx(0.333, abs=0.004)
    # Under a budget in epochs a method that stops none has its trials of full length.
    assert answers.values("random", 20, "epochs").of.tolist() == answers.values("random", 20).of.tolist()
    assert answers.values("hyperband", 20, "epochs").of.mean() == pytest.approx(0.35, abs=0.003)
    assert (
        answers.knows("person", 50)
        and not answers.knows("one epoch")
        and not answers.knows("qmc", 20, "seconds")
    )


def test_verdicts_against_random_search_are_those_of_the_losses(answers):
    found = {method: one.outcome for method, one in answers.against_random().items()}
    assert found["bayes"] is Outcome.BETTER and found["hyperband"] is Outcome.WORSE
    assert found["hyperopt"] is Outcome.BETTER and found["person"] is Outcome.WORSE
    pairs = answers.pairs()
    assert pairs["hyperopt", "optuna"].outcome is Outcome.EQUIVALENT


def test_the_largest_set_of_equals_holds_in_every_pair(answers):
    pairs = answers.pairs()
    found = largest_equal(METHODS, pairs)
    assert len(found) > 2
    for a in found:
        for b in found:
            assert a == b or (pairs.get((a, b)) or pairs[b, a]).outcome is Outcome.EQUIVALENT


def test_the_time_to_a_target_is_that_of_the_last_return(answers):
    # bayes falls below 0.35 when 0.2 exp(-k / 3) < 0.02, for a search without noise after trial 8.
    assert 8 * 6 <= time_to_target(answers, "bayes", TARGET, 0.9) <= 11 * 6
    assert time_to_target(answers, "random", TARGET, 0.9) == np.inf


def test_a_number_of_trials_ends_where_the_intervals_of_its_values_do():
    def after(*values, half=0.25):
        return [Estimate(value, value - half, value + half, 0.95, 10) for value in values]

    assert first_below(after(1.0, 0.75, 0.5, 0.25, 0.0), 0.5) == "3 (2 to 4)"
    assert first_below(after(1.0, 0.75, 0.5), 0.5) == "3 (2 to more than 3)"
    assert first_below(after(1.0, 0.75), 0.5) == "more than 2 (2 to more than 2)"
    assert first_below(after(1.0, 1.0), 0.5) == "more than 2"
    assert first_below(after(0.0), 0.5) == "1"


def test_the_page_says_what_the_searches_have(searches, table, tmp_path):
    docs, readme = tmp_path / "docs", tmp_path / "README.md"
    (docs / "evidence").mkdir(parents=True)
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_all(searches, table, docs, readme)
    told = readme.read_text()
    assert told.startswith(f"before\n{BEGIN}\n- In 20 trials bayes gains")
    assert told.endswith(f"{END}\nafter\n")
    assert "(docs/evidence/answer.md)" in told and "\nold\n" not in told
    text = (docs / "evidence" / "answer.md").read_text()
    assert re.search(r"In 20 trials bayes gains [45]\.\d\d points of validation accuracy", text)
    assert "trials of bayes are worth more than 50 random ones." in text
    assert re.search(r"Stop after \d+( \(\d+ to (more than )?\d+\))? trials: from there to 50, ", text)
    assert re.search(r"saves 60% of the epochs of 20 trials, and costs \+0\.0[12]\d\d", text)
    assert "if they do not run one after the other: 4 at once +0.00" in text
    assert "| bayes is better than random" in text and "| hyperopt and optuna are equivalent" in text
    assert (docs / "evidence" / "gain.png").stat().st_size > 10_000
    assert (docs / "evidence" / "overview.png").stat().st_size > 10_000
