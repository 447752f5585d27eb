"""Numbers as the page's tables and sentences show them, and the tables themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from analysis.statistics.intervals import Estimate

NONE = "\N{EN DASH}"


class Cell(NamedTuple):
    """A number as text, and what stands below it in small print."""

    text: str
    aside: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: what it shows and how to read it.
        header: of the columns; the first names the rows.
        rows: as wide as the header.
        words: positions of columns that hold words, set to the left.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    words: tuple[int, ...] = (0,)


def number(value: float, form: str = ".4f") -> str:
    """A number, or a dash where it is NaN or infinite."""
    return format(value, form) if math.isfinite(value) else NONE


def estimate(one: Estimate, form: str = ".4f", scale: float = 1.0, unit: str = "") -> Cell:
    """An estimate, with its interval as the aside where it has one."""
    value = number(scale * one.value, form)
    if value == NONE or math.isnan(one.low):
        return Cell(value if value == NONE else value + unit)
    high = format(scale * one.high, form) if math.isfinite(one.high) else "∞"
    return Cell(value + unit, f"{format(scale * one.low, form)} to {high}")


def percent(one: Estimate) -> Cell:
    """A share with its interval, in percent."""
    return estimate(one, ".0f", 100, " %")


def duration(seconds: float) -> str:
    """Seconds as "45 s", "12 min" or "3 h 05 min"; a dash where not known."""
    if not math.isfinite(seconds):
        return NONE
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def confidence(estimates: Iterable[Estimate]) -> str:
    """What the intervals of `estimates` are, in words: their confidence, or that there are none."""
    found = sorted({one.confidence for one in estimates if not math.isnan(one.confidence)})
    if not found:
        return "no intervals"
    ends = [f"{100 * one:.4g}" for one in (found[0], found[-1])]
    return f"{' to '.join(dict.fromkeys(ends))}% intervals"


def spread(counts: Iterable[int]) -> str:
    """Counts as "5", or as "4 to 5" where they differ."""
    found = sorted(set(counts))
    return f"{found[0]}" if len(found) == 1 else f"{found[0]} to {found[-1]}"
