"""The comparison against a calculation by hand, and what its sentences claim."""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
import pytest
from analysis_cases import evidence_of, hand_made, plausible, record, search, subject_for, trial, trials_of
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.records.search import SearchRecord
from analysis.statistics.methods import compare, comparison_columns
from analysis.tables.comparison import describe, to_markdown, to_text, verdict

CLAIMS = ("wins", "winner", "best method", "better than", "outperform")


def table(*searches: SearchRecord) -> pd.DataFrame:
    return compare(trials_of(searches), subject_for(searches))


def words_on(*searches: SearchRecord) -> str:
    return verdict(evidence_of(searches))


def test_the_columns_are_the_documented_ones():
    names = "method,trials,stopped,failed,steps,seconds,filters,units1,units2,lr,valid_loss,valid_accuracy"
    assert ",".join(table(*hand_made()).columns) == names
    assert ",".join(comparison_columns(subject_for(hand_made()))) == names
    assert ",".join(table(search()).columns) == names


def test_the_comparison_matches_a_calculation_by_hand():
    bayes, hyperband, failed = (row for _, row in table(*hand_made()).iterrows())
    # Epochs 3 + 2 + 1 + 2 and 2.5 seconds each; r0 and r1 tie at 0.25; r3's 0.0625 failed.
    assert bayes.tolist() == ["bayes", 4, 1, 1, 8, 20.0, 4, 128, 64, 0.0012288, 0.25, 0.75]
    # The running trial's epoch and time count, itself and its result do not; h0's 3 seconds are a runtime.
    assert hyperband[:6].tolist() == ["hyperband", 3, 1, 1, 4, 10.5]
    assert hyperband[6:10].isna().all()
    assert hyperband[10:].tolist() == [0.4375, 0.5625]
    assert failed[:6].tolist() == ["op|una", 2, 0, 2, 1, 2.5]
    assert failed[6:].isna().all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_trials_changes_neither_totals_nor_best_loss(seed, chance: random.Random):
    searches = plausible(5, 3, seed)
    trials, subject = trials_of(searches), subject_for(searches)
    order = list(trials.index)
    chance.shuffle(order)
    shuffled = trials.loc[order].sort_values("method", kind="stable")
    same = ["method", "trials", "stopped", "failed", "steps", "seconds", "valid_loss"]
    straight = compare(trials.sort_values("method", kind="stable"), subject)
    pd.testing.assert_frame_equal(compare(shuffled, subject)[same], straight[same], check_exact=True)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["finished", "stopped", "failed", "running"]))
def test_a_worse_trial_never_changes_the_best(seed, state):
    some = plausible(5, 3, seed)[0]
    more = replace(some, trials=(trial(5, [9.0], state), *some.trials))
    before, after = table(some), table(more)
    best = list(before.columns[6:])
    if before["valid_loss"].notna().all():
        pd.testing.assert_frame_equal(before[best], after[best], check_exact=True)


def test_the_first_of_equals_is_the_best():
    tied = search(trial(1, [0.5], filters=9), trial(0, [0.5], filters=8))
    assert table(tied)["filters"].tolist() == [8]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 2))
def test_one_or_two_searches_of_each_claim_nothing_and_name_no_method(seed, trials, sweeps):
    searches = plausible(trials, 2, seed, sweeps)
    words = words_on(*searches)
    assert not any(claim in words.lower() for claim in CLAIMS)
    assert not any(one.method in words for one in searches)
    assert f"n = {sweeps}" in words


def replicates(method: str, *losses: float) -> list[SearchRecord]:
    return [
        record(method, f"{method}{number}", (trial(0, [loss]),), number) for number, loss in enumerate(losses)
    ]


def test_a_difference_that_replicates_show_is_claimed():
    """By hand: differences 0.10, 0.11, 0.12, mean 0.11, t = 0.11 / (0.01 / sqrt(3)) = 19, p = 0.0027."""
    words = words_on(*replicates("bayes", 0.30, 0.31, 0.32), *replicates("random", 0.40, 0.42, 0.44))
    assert "n = 3 paired replicates, 1 pair of methods" in words
    assert "bayes is better than random." in words
    assert "Undecided" not in words


def test_replicates_that_show_no_difference_say_how_many_more_are_needed():
    words = words_on(*replicates("bayes", 0.30, 0.31, 0.32), *replicates("random", 0.31, 0.30, 0.35))
    assert words.startswith("No method is shown to be better than another or equivalent to it.")
    assert "Undecided: 1 of 1 pair" in words and "more replicates" in words
    assert "better than random" not in words and "better than bayes" not in words


def test_searches_that_are_not_replicates_are_not_tested():
    several = [replicates(method, *losses) for method, losses in (("a", [0.1] * 4), ("b", [0.9] * 4))]
    same = [replace(one, replicate=0) for searches in several for one in searches]
    words = words_on(*same)
    assert "the searches are not replicates paired by number (METHOD-r0, METHOD-r1, ...). " in words
    assert "r1, ...). There are n = 4 searches of each method." in words
    assert not any(claim in words for claim in CLAIMS)


def test_the_verdict_gives_the_best_configuration():
    words = words_on(*hand_made())
    assert "filters 4, units1 128, units2 64, lr 0.001229 (run r0), with valid_loss 0.2500" in words
    assert "cannot show which method is better" in words
    assert "1 trial still running" in words
    assert "2 trials logged no time" in words


def test_different_numbers_of_searches_are_listed_for_each_method():
    names = [("bayes", "1"), ("bayes", "2"), ("random", "3")]
    searches = [search(trial(0, [0.5]), method=method, sweep=sweep) for method, sweep in names]
    assert "bayes n = 2, random n = 1" in words_on(*searches)


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["failed", "failed", "running"], "No trial finished with a valid_loss (1 running, 2 failed)"),
        (
            ["stopped"],
            "Only one method was run (n = 1): there is nothing to compare it with. Best configuration ",
        ),
        (
            ["stopped"],
            "this trial was stopped early. No trial finished: all results come from trials stopped early.",
        ),
    ],
)
def test_the_verdict_names_what_is_missing(states, said):
    trials = [trial(number, [0.5], state) for number, state in enumerate(states)]
    assert said in words_on(search(*trials))


def test_the_verdict_says_that_there_are_no_trials():
    assert "no trials" in words_on(search())


def test_a_configuration_without_known_hyperparameters_is_named_by_its_run():
    bare = replace(trial(0, [0.5]), config={})
    assert "nothing recorded (run r0)" in words_on(search(bare))


def test_equal_budgets_are_not_called_different():
    def described(searches):
        return describe(table(*searches), subject_for(searches))

    assert "same number" not in described(plausible(2)[:2])
    assert "same number of epochs" in described(hand_made())


@pytest.mark.parametrize("width", [200, 100, 80])
def test_text_fits_the_width(width):
    text = to_text(evidence_of(plausible()), width)
    assert max(map(len, text.splitlines())) <= width
    assert text.splitlines()[0].split()[:2] == ["method", "trials"]
    assert ("\n\n" in text) == (width < 200)


def test_markdown_columns_line_up_and_bars_are_escaped():
    text = to_markdown(evidence_of(hand_made()), "")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in lines}) == 1
    assert r"| op\|una " in lines[-1]


def test_only_finished_and_stopped_trials_can_be_the_best():
    losses = {"running": 0.1, "finished": 0.4, "stopped": 0.3, "failed": 0.2}
    trials = [trial(number, [losses[state]], state) for number, state in enumerate(losses)]
    assert table(search(*trials))["valid_loss"].tolist() == [0.3]
