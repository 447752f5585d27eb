"""Simulate studies from known distributions, and judge them with the functions that judge real studies.

Each function counts over many studies: false claims, intervals that contain the true value, planted
differences that are found. aa.py makes the page from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.statistics.intervals import Estimate, interquartile_mean, mean, median, proportion
from analysis.statistics.pairwise import Pair, compare_pairs
from analysis.statistics.power import difference_power, equivalence_power
from analysis.statistics.verdicts import ALPHA, Outcome, judge, outcome_of
from fashion_wb.study.fashion_mnist import MARGIN

METHODS = ("A", "B", "C", "D", "E")
TRIALS = 10
STUDY = Path(__file__).parents[1] / "docs" / "evidence" / "trials.csv"
World = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


@cache
def measured_losses() -> np.ndarray:
    """Return the final validation losses of trials that were really trained."""
    trials = pd.read_csv(STUDY)
    return trials.loc[trials["state"] == "finished", "valid_loss"].to_numpy()


def ours(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """The best of 10 trials, drawn from the measured losses with 4% of noise each."""
    losses = chance.choice(measured_losses(), (*shape, TRIALS))
    return (losses * np.exp(chance.normal(0, 0.04, losses.shape))).min(axis=-1)


def normal(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Normal: what Student's t assumes."""
    return chance.normal(0.35, 0.015, shape)


def heavy(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Some searches fail badly: folded t with 1.5 degrees of freedom, infinite variance."""
    return 0.33 + 0.015 * np.abs(chance.standard_t(1.5, shape))


def skewed(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Log-normal with sigma 1."""
    return 0.33 + 0.015 * np.exp(chance.normal(0, 1, shape))


def ties(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """As `ours`, without noise and to two decimals: finals take a dozen values."""
    return np.round(chance.choice(measured_losses(), (*shape, TRIALS)).min(axis=-1), 2)


def two_values(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A search finds the one good configuration or does not."""
    return 0.35 + 0.01 * chance.integers(0, 2, shape)


WORLDS: tuple[World, ...] = (ours, normal, heavy, skewed, ties, two_values)


def study(finals: np.ndarray, chance: np.random.Generator) -> pd.DataFrame:
    """Turn final losses, shape (n, methods), into the tool's table; methods of a replicate share noise."""
    shared = chance.normal(0, 0.005, (len(finals), 1))
    return pd.DataFrame(finals + shared, columns=list(METHODS[: finals.shape[1]]))


def claims(pairs: tuple[Pair, ...], kinds: tuple[Outcome, ...]) -> bool:
    """Tell whether any pair's verdict is one of `kinds`."""
    return any(outcome_of(pair) in kinds for pair in pairs)


DIFFERENT = (Outcome.BETTER, Outcome.WORSE)


def false_claims(world: World, n: int, studies: int, seed: int) -> tuple[Estimate, Estimate]:
    """Return the share of A/A studies that claim a difference, and of paired intervals that contain 0.

    Pairs whose differences are all equal have no interval; the second share leaves them out.
    """
    chance = np.random.default_rng(seed)
    claimed, covered = 0, []
    for _ in range(studies):
        pairs = compare_pairs(study(world(chance, (n, len(METHODS))), chance), MARGIN)
        claimed += claims(pairs, DIFFERENT)
        known = [one.difference for one in pairs if not math.isnan(one.difference.low)]
        covered += [float(np.mean([one.low <= 0 <= one.high for one in known]))] if known else []
    return proportion(claimed, studies), mean(covered)


def coverages(world: World, n: int, studies: int, seed: int) -> dict[str, Estimate]:
    """Return the share of intervals that contain the true value.

    For the median, the interquartile mean and P(A lower) = 1/2. The true values of the first two come from a
    million draws.
    """
    chance = np.random.default_rng(seed)
    many = np.sort(world(chance, (1_000_000,)))
    truths = {"median": float(np.median(many)), "iqm": float(many[len(many) // 4 : -len(many) // 4].mean())}
    hits = {name: [] for name in ("median", "iqm", "a_better")}
    for _ in range(studies):
        finals = world(chance, (2, n))
        found = {"median": median(finals[0]), "iqm": interquartile_mean(finals[0])}
        for name, estimate in found.items():
            if not math.isnan(estimate.low):
                hits[name].append(estimate.low <= truths[name] <= estimate.high)
        wins = np.sum(finals[0] < finals[1]) + np.sum(finals[0] == finals[1]) / 2
        share = proportion(wins, n)
        hits["a_better"].append(share.low <= 0.5 <= share.high)
    return {name: proportion(sum(of_name), len(of_name)) for name, of_name in hits.items()}


def unequal(chance: np.random.Generator, n: int) -> np.ndarray:
    """Draw finals of two methods, shape (n, 2), with the same mean and very different shapes; no A/A test."""
    mean_of_skewed = 0.33 + 0.015 * math.exp(0.5)
    return np.column_stack([skewed(chance, (n,)), chance.normal(mean_of_skewed, 0.001, n)])


@cache
def spread_of(world: World) -> float:
    """Return the standard deviation of the difference of two finals of `world`, from a million draws."""
    return float(np.std(world(np.random.default_rng(0), (1_000_000,)))) * math.sqrt(2)


def found_differences(
    world: World, n: int, methods: int, power: float, studies: int, seed: int
) -> tuple[float, float, Estimate]:
    """Plant a difference; return its size, the power of the hardest test, and how often it is found.

    The size is the one at which the predicted power is about `power`. Method A's finals are lowered by it. A
    find is a claim that A is better than B.
    """
    chance = np.random.default_rng(seed)
    spread, alpha = spread_of(world), ALPHA / (methods * (methods - 1) // 2)
    sizes = np.linspace(0.05, 6, 600) * spread
    size = float(next(s for s in sizes if difference_power(n, s, spread, alpha) >= power))
    found = 0
    for _ in range(studies):
        finals = world(chance, (n, methods))
        finals[:, 0] -= size
        pair = compare_pairs(study(finals, chance), MARGIN / 1000)[0]
        found += outcome_of(pair) is Outcome.BETTER
    return size, difference_power(n, size, spread, alpha), proportion(found, studies)


def equivalences(world: World, n: int, studies: int, seed: int) -> tuple[Estimate, float, Estimate]:
    """Return false claims of equivalence exactly at the margin, and predicted and found power at 0.

    Two methods. The margin is 2.5 spreads of the difference over the root of n, so there is power to measure.
    """
    chance = np.random.default_rng(seed)
    spread = spread_of(world)
    margin = 2.5 * spread / math.sqrt(n)
    false, true = 0, 0
    for _ in range(studies):
        finals = world(chance, (n, 2))
        true += claims(compare_pairs(study(finals, chance), margin), (Outcome.EQUIVALENT,))
        finals[:, 0] -= margin
        false += claims(compare_pairs(study(finals, chance), margin), (Outcome.EQUIVALENT,))
    predicted = equivalence_power(n, 0.0, spread, margin, ALPHA)
    return proportion(false, studies), predicted, proportion(true, studies)


def second_looks(world: World, studies: int, shift: float, seed: int) -> tuple[Estimate, Estimate, Estimate]:
    """Follow the advice of an undecided verdict once, in studies of two methods with 5 replicates.

    As many replicates are added as the verdict asks for (at most 95), and all are judged again. Method A's
    finals are lower by `shift` spreads of the difference.

    Returns:
        The share of studies that were undecided and asked for at most 95 replicates; the share of these that
        the second look decided; the share of all studies that finally claimed a difference.
    """
    chance = np.random.default_rng(seed)
    lowered = shift * spread_of(world)
    advised, decided, different = 0, 0, 0
    for _ in range(studies):
        every = world(chance, (100, 2))
        every[:, 0] -= lowered
        table = study(every, chance)
        verdict = judge(compare_pairs(table.iloc[:5], MARGIN), MARGIN)[0]
        more = verdict.more_replicates
        if verdict.outcome is Outcome.UNDECIDED and more is not None and more <= 95:
            advised += 1
            verdict = judge(compare_pairs(table.iloc[: 5 + more], MARGIN), MARGIN)[0]
            decided += verdict.outcome is not Outcome.UNDECIDED
        different += verdict.outcome in DIFFERENT
    return proportion(advised, studies), proportion(decided, advised), proportion(different, studies)


def unequal_claims(n: int, studies: int, seed: int) -> tuple[Estimate, Estimate]:
    """Return the share of `unequal` studies that claim a difference, and of intervals that contain 0."""
    chance = np.random.default_rng(seed)
    claimed = covered = 0
    for _ in range(studies):
        (pair,) = compare_pairs(study(unequal(chance, n), chance), MARGIN / 1000)
        claimed += outcome_of(pair) in DIFFERENT
        covered += pair.difference.low <= 0 <= pair.difference.high
    return proportion(claimed, studies), proportion(covered, studies)
