"""Gains, targets and ranks against what was spent: by hand, and against the final results."""

from __future__ import annotations

import math

import numpy as np
import pytest
from analysis_cases import plausible, record, trial, trials_of
from scipy import stats

from analysis.records.frames import steps_frame
from analysis.records.subject import subject_of
from analysis.statistics.incumbents.curves import Spending, search_spending
from analysis.statistics.incumbents.gains import gains
from analysis.statistics.incumbents.ranks import ranks
from analysis.statistics.incumbents.targets import reached


def spent(method, replicate, *best, step=1.0):
    """A search whose incumbent is `best` after 1, 2, ... steps."""
    amounts = step * np.arange(1.0, len(best) + 1)
    return Spending(method, f"{method}{replicate}", replicate, amounts, np.array(best))


def test_the_gain_is_the_paired_difference_with_students_interval():
    random = [spent("random", r, 0.5, 0.4 + 0.01 * r) for r in range(4)]
    other = [spent("other", r, 0.45, 0.3 + 0.02 * r) for r in range(4)]
    (found,) = gains([*random, *other])
    assert (found.method, found.n, found.grid[-1]) == ("other", 4, 2.0)
    differences = np.array([0.1 - 0.01 * r for r in range(4)])
    assert found.mean[-1] == pytest.approx(differences.mean())
    low, high = stats.t.interval(0.95, 3, differences.mean(), stats.sem(differences))
    assert (found.low[-1], found.high[-1]) == pytest.approx((low, high))
    # Before the first step nobody has an incumbent.
    assert found.grid[0] >= 1.0


def test_the_gain_runs_to_the_smaller_budget_and_only_over_common_replicates():
    random = [spent("random", r, *np.linspace(0.5, 0.4, 10)) for r in range(5)]
    short = [spent("short", r, 0.4, 0.3) for r in (0, 2, 4, 7)]
    twice = [spent("twice", 0, 0.1) for _ in range(3)]
    (found,) = gains([*random, *short, *twice])
    assert (found.method, found.n, found.grid[-1]) == ("short", 3, 2.0)
    assert gains(short) == ()
    assert gains([]) == ()


def test_the_share_at_the_target_is_the_empirical_distribution():
    searches = [spent("a", 0, 0.5, 0.3), spent("a", 1, 0.3), spent("a", 2, 0.6, 0.5, 0.4), spent("b", 0, 0.9)]
    a, b = reached(searches, 0.3)
    assert a.spent.tolist() == [1.0, 2.0] and a.share.tolist() == pytest.approx([1 / 3, 2 / 3])
    assert (a.n, a.end) == (3, 2.0)
    assert b.spent.tolist() == [] and b.n == 1
    assert all(len(one.spent) == 0 for one in reached(searches, math.nan))


def test_the_rank_at_the_end_is_that_of_the_final_results():
    searches = plausible(6, 4, 3, 5)
    trials = trials_of(searches)
    spending = search_spending(trials, steps_frame(searches, subject_of(searches)), "trials")
    found = {one.method: one for one in ranks(spending)}
    finals = trials.groupby(["replicate", "method"])["minimised"].min().unstack()
    expected = finals.rank(axis=1).mean()
    for method, one in found.items():
        assert one.rank[-1] == pytest.approx(expected[method]) and one.n == 5


def test_records_that_share_no_replicate_have_no_ranks():
    alone = [record(m, m, (trial(0, [0.5]),), r) for r, m in enumerate(("a", "b"))]
    spending = search_spending(trials_of(alone), steps_frame(alone, subject_of(alone)), "trials")
    assert all(one.n == 0 and math.isnan(one.average) for one in ranks(spending))
    assert ranks([]) == ()
