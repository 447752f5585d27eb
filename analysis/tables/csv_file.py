"""Write tables as CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from fashion_wb.files import write_text


def write_csv(frame: pd.DataFrame, path: Path, decimals: Mapping[str, int] | None = None) -> None:
    """Write a table without its index; missing values become empty cells.

    Args:
        frame: any table. Integers stay integers; floats read back equal.
        path: the file to replace.
        decimals: columns to round, with the number of digits after the point.
    """
    write_text(frame.round(dict(decimals or {})).to_csv(index=False, lineterminator="\n"), path)
