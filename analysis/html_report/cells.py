"""Numbers as text for the page's tables and sentences, and the tables themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from analysis.statistics.intervals import Estimate

DASH = "\N{EN DASH}"


class Cell(NamedTuple):
    """A number as text, and the small print below it."""

    text: str
    aside: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: what the table shows and how to read it.
        header: names of the columns; the first column names the rows.
        rows: each as long as the header.
        text_columns: positions of the columns that hold text, which is aligned to the left.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    text_columns: tuple[int, ...] = (0,)


def number(value: float, form: str = ".4f") -> str:
    """Format a number; NaN and infinity are a dash."""
    return format(value, form) if math.isfinite(value) else DASH


def estimate(one: Estimate, form: str = ".4f", scale: float = 1.0, unit: str = "") -> Cell:
    """Format an estimate, with its interval, if it has one, as small print."""
    value = number(scale * one.value, form)
    if value == DASH or math.isnan(one.low):
        return Cell(value if value == DASH else value + unit)
    high = format(scale * one.high, form) if math.isfinite(one.high) else "∞"
    return Cell(value + unit, f"{format(scale * one.low, form)} to {high}")


def percent(one: Estimate) -> Cell:
    """Format a share and its interval in percent."""
    return estimate(one, ".0f", 100, " %")


def duration(seconds: float) -> str:
    """Format seconds as "45 s", "12 min" or "3 h 05 min"; a dash if they are unknown."""
    if not math.isfinite(seconds):
        return DASH
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def intervals_text(estimates: Iterable[Estimate]) -> str:
    """Name the intervals of `estimates` by their confidence: "95% intervals", or "no intervals"."""
    found = sorted({one.confidence for one in estimates if not math.isnan(one.confidence)})
    if not found:
        return "no intervals"
    ends = [f"{100 * one:.4g}" for one in (found[0], found[-1])]
    return f"{' to '.join(dict.fromkeys(ends))}% intervals"


def count_range(counts: Iterable[int]) -> str:
    """Format counts as "5", or as "4 to 5" if they differ."""
    found = sorted(set(counts))
    return f"{found[0]}" if len(found) == 1 else f"{found[0]} to {found[-1]}"
