"""How often the statistics claim what is not so, and find what is.

    .venv/bin/python benchmarks/aa.py [STUDIES] > docs/evidence/aa.md

A/A test: studies of five methods that are one and the same sampler under five names, simulated from known
distributions and judged by the functions that judge real studies. Then methods with a planted difference,
against the power that the tool itself predicts. STUDIES is how many a line, 1,000 unless given; the same
number gives the same page.
"""

from __future__ import annotations

import click
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
    """A share in percent with its 95% interval."""
    return f"{100 * estimate.value:.1f} ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


@click.command()
@click.argument("studies", type=click.IntRange(min=1), default=1000)
def main(studies: int) -> None:
    """Print the page."""
    sections = (_aa, _unequal, _intervals, _planted, _equivalence, _second)
    print(f"# A/A test and power\n\nWritten by `benchmarks/aa.py {studies}`: {studies:,} simulated studies")
    print("a line, every share in percent with the 95% interval that so many studies leave.\n")
    for section in sections:
        print(section(studies), flush=True)


def _aa(studies: int) -> str:
    rows = []
    for world in WORLDS:
        for n in (5, 10):
            claimed, covered = false_claims(world, n, studies, seed=n)
            rows.append([world.__name__, str(n), percent(claimed), percent(covered)])
    header = ["distribution", "replicates", "studies with a false claim", "paired intervals that hold 0"]
    return (
        "## Five times the same method\n\n"
        f"Ten pairs. A difference may be claimed in at most {100 * ALPHA:g}% of studies.\n\n"
        f"{markdown_table(header, rows)}\n{_legend()}"
    )


def _unequal(studies: int) -> str:
    rows = [[str(n), *map(percent, unequal_claims(n, studies, seed=50 + n))] for n in (5, 10, 20)]
    header = ["replicates", "studies with a false claim", "paired intervals that hold 0"]
    return (
        "## Two different methods of the same mean\n\n"
        "Where the rule is at its worst: A's finals are log-normal, B's hardly vary, and their means are "
        "equal, so that the differences are skewed. A's median is the lower one.\n\n"
        + markdown_table(header, rows)
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
        "Percent of intervals that hold the truth. With 5 replicates the median's says 93.75, and so does "
        "Wilson's at a probability of one half.\n\n" + markdown_table(header, rows)
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
        "\n## A planted difference\n\nMethod A's finals are lower by the planted difference. With five "
        "methods the prediction is that of Holm's first step, which later steps can only ease.\n\n"
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
        "\n## Equivalence\n\nTwo methods; at most 5% may be called equivalent when they differ by just the "
        "margin.\n\n" + markdown_table(header, rows)
    )


def _second(studies: int) -> str:
    rows = []
    for world in (ours, normal, skewed):
        for shift in (0.0, 0.5, 1.0):
            looks = second_looks(world, studies, shift, seed=3000)
            rows.append([world.__name__, f"{shift:g}", *(percent(one) for one in looks)])
    header = ["distribution", "true difference", "undecided, advised", "then decided", "claim a difference"]
    return (
        "\n## Following the advice\n\nTwo methods, 5 replicates; an undecided verdict's further replicates "
        "(where at most 95) are added and all judged again. The true difference is in standard deviations of "
        "the paired difference; at 0, the last column is the share of false claims after two looks.\n\n"
        + markdown_table(header, rows)
    )


def _legend() -> str:
    lines = [f"- `{world.__name__}`: {' '.join((world.__doc__ or '').split())}" for world in WORLDS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
