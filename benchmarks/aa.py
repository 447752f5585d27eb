"""Measure how often the verdicts claim a difference that is not there, and how often they find one that is.

    .venv/bin/python benchmarks/aa.py [STUDIES] > docs/evidence/aa.md

A/A test: simulates studies of five methods that are the same sampler under five names, from known
distributions, and judges them with the functions that judge real studies. Then simulates methods with a
planted difference, and compares what is found with the power that the tool predicts. STUDIES is the number of
studies per line (default 1,000). The same number gives the same page.
"""

from __future__ import annotations

import os

import click
import same_search
from simulated import (
    WORLDS,
    coverages,
    equivalences,
    false_claims,
    found_differences,
    normal,
    ours,
    second_looks,
    skewed,
    unequal_claims,
)

from analysis.formatting import markdown_table
from analysis.statistics.intervals import Estimate
from analysis.statistics.verdicts import ALPHA


def percent(estimate: Estimate) -> str:
    """Format a share in percent with its 95% interval."""
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


@click.command()
@click.argument("studies", type=click.IntRange(min=1), default=1000)
def main(studies: int) -> None:
    """Print the page."""
    sections = (_aa, _replayed, _unequal, _intervals, _planted, _equivalence, _second)
    print("# A/A test and power\n")
    print("How often do the verdicts claim a false difference, and how often do they find a real one?")
    print(f"Written by `benchmarks/aa.py {studies}`: {studies:,} simulated studies per line,")
    print("shares in percent, each with its 95% interval.\n")
    for section in sections:
        print(section(studies), flush=True)


def _aa(studies: int) -> str:
    rows = []
    for world in WORLDS:
        for n in (5, 10):
            claimed, covered = false_claims(world, n, studies, seed=n)
            rows.append([world.__name__, str(n), percent(claimed), percent(covered)])
    header = ["distribution", "replicates", "studies with a false claim", "paired intervals that contain 0"]
    return (
        "## Five times the same method\n\n"
        f"Ten pairs of methods. At most {100 * ALPHA:g}% of studies may claim a difference.\n\n"
        f"{markdown_table(header, rows)}\n{_legend()}"
    )


def _replayed(studies: int) -> str:
    rows = []
    for n in (5, 10):
        claimed = same_search.false_claims(n, studies, os.cpu_count() or 1)
        rows.append([str(n), *map(percent, claimed.values())])
    header = ["replicates", "lowest loss seen", "winner retrained 3 times", "winner with all seeds"]
    return (
        "## Five times the same search, replayed\n\n"
        f"Random search of {same_search.TRIALS} trials under five names, answered from the table of real "
        "trainings. All searches of a replicate see the same trainings, as in a study. Studies that claim a "
        "difference, by what is compared.\n\n" + markdown_table(header, rows)
    )


def _unequal(studies: int) -> str:
    rows = [[str(n), *map(percent, unequal_claims(n, studies, seed=50 + n))] for n in (5, 10, 20)]
    header = ["replicates", "studies with a false claim", "paired intervals that contain 0"]
    return (
        "## Two different methods with the same mean\n\n"
        "Here the rule is at its worst: A's final losses are log-normal, B's hardly vary, and their means "
        "are equal, so the differences are skewed. A's median is lower.\n\n" + markdown_table(header, rows)
    )


def _intervals(studies: int) -> str:
    rows = []
    for world in WORLDS:
        for n in (5, 10):
            found = coverages(world, n, studies, seed=100 + n)
            rows.append([world.__name__, str(n), *(percent(one) for one in found.values())])
    header = ["distribution", "replicates", "median", "interquartile mean", "probability that A is lower"]
    return (
        "## One method's intervals, and the probability that A is lower\n\n"
        "Percent of intervals that contain the true value. With 5 replicates the median's interval promises "
        "93.75%, and so does Wilson's at a probability of one half.\n\n" + markdown_table(header, rows)
    )


def _planted(studies: int) -> str:
    rows = []
    for world in (ours, normal, skewed):
        for n in (5, 10):
            for methods in (2, 5):
                for power in (0.5, 0.8):
                    seed = 1000 + n
                    size, predicted, found = found_differences(world, n, methods, power, studies, seed)
                    row = [world.__name__, str(n), str(methods), f"{size:.4f}"]
                    rows.append([*row, f"{100 * predicted:.1f}", percent(found)])
    header = ["distribution", "replicates", "methods", "planted difference", "predicted", "found"]
    return (
        "\n## A planted difference\n\nMethod A's final losses are lower by the planted difference. With five "
        "methods the prediction is that of Holm's first step; later steps are easier.\n\n"
        + markdown_table(header, rows)
    )


def _equivalence(studies: int) -> str:
    rows = []
    for world in WORLDS[:4]:
        for n in (5, 10):
            false, predicted, true = equivalences(world, n, studies, seed=2000 + n)
            rows.append([world.__name__, str(n), percent(false), f"{100 * predicted:.1f}", percent(true)])
    header = ["distribution", "replicates", "claimed at the margin", "predicted at 0", "claimed at 0"]
    return (
        "\n## Equivalence\n\nTwo methods. If they differ by exactly the margin, at most 5% of studies may "
        "call them equivalent.\n\n" + markdown_table(header, rows)
    )


def _second(studies: int) -> str:
    rows = []
    for world in (ours, normal, skewed):
        for shift in (0.0, 0.5, 1.0):
            looks = second_looks(world, studies, shift, seed=3000)
            rows.append([world.__name__, f"{shift:g}", *(percent(one) for one in looks)])
    header = ["distribution", "true difference", "undecided, advised", "then decided", "claim a difference"]
    return (
        "\n## Following the advice\n\nTwo methods, 5 replicates. An undecided verdict asks for more "
        "replicates. If they are at most 95, they are added and everything is judged again. The true "
        "difference is in standard deviations of the paired difference. At 0, the last column is the share "
        "of false claims after two looks.\n\n" + markdown_table(header, rows)
    )


def _legend() -> str:
    lines = [f"- `{world.__name__}`: {' '.join((world.__doc__ or '').split())}" for world in WORLDS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
