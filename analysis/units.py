"""Results in the units of the objective.

All statistics minimise, so that they need no case for each goal. Where the goal is maximize, the objective is
negated before, and what they found is negated back here.
"""

from __future__ import annotations

from dataclasses import replace

from analysis.records.subject import Subject
from analysis.statistics.finals import Finals
from analysis.statistics.incumbents.bands import RandomBand
from analysis.statistics.incumbents.curves import Curve
from analysis.statistics.intervals import Estimate
from analysis.statistics.verdicts import Verdict


def in_units(estimate: Estimate, subject: Subject) -> Estimate:
    """Return an estimate of `minimised`, or of a difference of it, as one of the objective."""
    if subject.sign > 0:
        return estimate
    return replace(estimate, value=-estimate.value, low=-estimate.high, high=-estimate.low)


def finals_in_units(one: Finals, subject: Subject) -> Finals:
    """Return a method's results in units of the objective."""
    return replace(
        one,
        median=in_units(one.median, subject),
        iqm=in_units(one.iqm, subject),
        target=subject.sign * one.target,
    )


def verdict_in_units(one: Verdict, subject: Subject) -> Verdict:
    """Return a verdict whose difference and effect are those of the objective; the outcome stays."""
    pair = one.pair
    difference = in_units(pair.difference, subject)
    return replace(one, pair=replace(pair, difference=difference, effect=subject.sign * pair.effect))


def curve_in_units(one: Curve, subject: Subject) -> Curve:
    """Return a curve in units of the objective."""
    if subject.sign > 0:
        return one
    return replace(one, values=-one.values, median=-one.median, low=-one.high, high=-one.low)


def band_in_units(one: RandomBand | None, subject: Subject) -> RandomBand | None:
    """Return random search's band in units of the objective."""
    if one is None or subject.sign > 0:
        return one
    return replace(one, median=-one.median, low=-one.high, high=-one.low)
