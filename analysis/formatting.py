"""Format numbers, and align tables in Markdown and plain text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

# What numbers look like unless a column says otherwise.
PLAIN = ".4g"
Rows = list[list[str]]
# Results are shown with this many significant digits, so that their differences can be seen.
_DIGITS = 4


def result_form(values: Iterable[float]) -> str:
    """Return the format of results, such as ".4f": the same number of decimals for all of `values`.

    Their median has four significant digits. Very small and very large ones get an exponent.
    """
    known = sorted(abs(value) for value in values if math.isfinite(value) and value != 0)
    if not known:
        return f".{_DIGITS}f"
    decimals = _DIGITS - 1 - math.floor(math.log10(known[len(known) // 2]))
    return f".{max(0, decimals)}f" if -4 <= decimals <= 8 else f".{_DIGITS - 1}e"


def format_value(value: Any, form: str = PLAIN) -> str:
    """Return a cell as text; empty if there is no value. `form` is that of numbers."""
    if pd.isna(value):
        return ""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and form == PLAIN else format(value, form)


def format_cells(frame: pd.DataFrame, forms: Mapping[str, str]) -> Rows:
    """Return every row of a table as text; `forms` are the formats of columns, PLAIN for all others."""
    columns = [
        [format_value(value, forms.get(name, PLAIN)) for value in frame[name]] for name in frame.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def count_of(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, such as "2 trials"; pass `plural` if it is not the noun and an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"


def markdown_table(header: Sequence[str], rows: Rows) -> str:
    """Return a GitHub table: first column left-aligned, others right-aligned, cells padded."""
    escaped = [[_cell(cell) for cell in row] for row in rows]
    heads = [_cell(head) for head in header]
    widths = _widths(heads, escaped, least=3)
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [_align(heads, widths), rule, *(_align(row, widths) for row in escaped)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def markdown_text(text: str) -> str:
    """Escape what Markdown would read as markup in a sentence: names of metrics and methods are any text."""
    return re.sub(r"([\\`*<\[])", r"\\\1", _one_line(text))


def text_table(header: Sequence[str], rows: Rows, gap: int) -> str:
    """Return a table for a terminal, columns `gap` spaces apart; an empty cell is a dash."""
    filled = [[_one_line(cell) or "-" for cell in row] for row in rows]
    widths = _widths(header, filled, least=1)
    lines = (_align(row, widths) for row in [header, *filled])
    return "".join((" " * gap).join(line).rstrip() + "\n" for line in lines)


def _cell(text: str) -> str:
    return markdown_text(text).replace("|", r"\|")


def _align(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = row
    aligned = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return [first.ljust(widths[0]), *aligned]


def _widths(header: Sequence[str], rows: Rows, least: int) -> list[int]:
    return [max(least, *map(len, column)) for column in zip(header, *rows, strict=True)]


def _one_line(cell: str) -> str:
    return " ".join(cell.split())
