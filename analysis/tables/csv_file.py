"""Write tables as CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fashion_wb.files import write_text

# A spreadsheet runs a cell that begins so as a formula, also one that opens a program or an address.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(frame: pd.DataFrame, path: Path, decimals: Mapping[str, int] | None = None) -> None:
    """Write a table without its index; missing values become empty cells.

    Args:
        frame: any table. Integers stay integers; floats read back equal. Text that a spreadsheet would take
            for a formula gets an apostrophe before it, as the name of a column does.
        path: the file to replace.
        decimals: columns to round, with the number of digits after the point.
    """
    plain = frame.round(dict(decimals or {})).rename(columns=_plain)
    texts = [name for name, column in plain.items() if pd.api.types.is_string_dtype(column.dtype)]
    plain = plain.assign(**{str(name): plain[name].map(_plain) for name in texts})
    write_text(plain.to_csv(index=False, lineterminator="\n"), path)


def _plain(value: Any) -> Any:
    risky = isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value)
    return f"'{value}" if risky else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
