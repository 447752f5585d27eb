"""Tables on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from fashion_wb.files import write_text


def write_csv(frame: pd.DataFrame, path: Path, decimals: Mapping[str, int] | None = None) -> None:
    """Write a table without its index; empty cells are empty.

    Args:
        frame: any table; its integers are written as such, its floats so that they read back equal.
        path: the file to replace.
        decimals: digits after the point for columns where every digit would only be noise.
    """
    write_text(frame.round(dict(decimals or {})).to_csv(index=False, lineterminator="\n"), path)
