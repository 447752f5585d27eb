"""Format numbers, and align tables in Markdown and plain text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

FORMATS = {"seconds": ".1f", "lr": ".4g", "valid_loss": ".4f", "valid_accuracy": ".4f"}
Rows = list[list[str]]


def format_value(name: str, value: Any) -> str:
    """Return the cell of column `name` as text; empty if there is no value."""
    if pd.isna(value):
        return ""
    return str(value) if isinstance(value, str) else format(value, FORMATS.get(name, "g"))


def format_cells(frame: pd.DataFrame) -> Rows:
    """Return every row of a table as text."""
    columns = [[format_value(name, value) for value in frame[name]] for name in frame.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def count_of(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, such as "2 trials"; pass `plural` if it is not the noun and an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {plural or noun + 's'}"


def markdown_table(header: Sequence[str], rows: Rows) -> str:
    """Return a GitHub table: first column left-aligned, others right-aligned, cells padded."""
    escaped = [[_one_line(cell).replace("|", r"\|") for cell in row] for row in rows]
    widths = _widths(header, escaped, least=3)
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [_align(header, widths), rule, *(_align(row, widths) for row in escaped)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def text_table(header: Sequence[str], rows: Rows, gap: int) -> str:
    """Return a table for a terminal, columns `gap` spaces apart; an empty cell is a dash."""
    filled = [[_one_line(cell) or "-" for cell in row] for row in rows]
    widths = _widths(header, filled, least=1)
    lines = (_align(row, widths) for row in [header, *filled])
    return "".join((" " * gap).join(line).rstrip() + "\n" for line in lines)


def _align(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = row
    aligned = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return [first.ljust(widths[0]), *aligned]


def _widths(header: Sequence[str], rows: Rows, least: int) -> list[int]:
    return [max(least, *map(len, column)) for column in zip(header, *rows, strict=True)]


def _one_line(cell: str) -> str:
    return " ".join(cell.split())
