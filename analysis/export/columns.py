"""Columns of tables with one type each, from values of any kind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pandas as pd

from analysis.records.flat import as_text

# W&B's server sends what JSON cannot hold as text.
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
# Every whole number below it is a float of its own.
_EXACT = 2**53


def column(values: Sequence[Any]) -> pd.Series:
    """Return values, None where there is none, as a column of the narrowest type that keeps them all.

    Returns:
        Booleans, nullable integers, floats, or text. Values of several kinds are text: JSON, but for text
        itself. So are lists, mappings, and integers that would lose digits.
    """
    known = [value for value in values if value is not None]
    if not known:
        return pd.Series(values, dtype="string")
    if all(isinstance(value, bool) for value in known):
        return pd.Series(values, dtype="boolean")
    if all(_is_number(value) for value in known):
        return _numbers(values, known)
    if any(_is_number(value) for value in known) and all(
        _is_number(value) or (isinstance(value, str) and value in _NOT_FINITE) for value in known
    ):
        return column([_NOT_FINITE.get(value, value) for value in values])
    return pd.Series([None if value is None else as_text(value) for value in values])


def times(seconds: Sequence[float | None]) -> pd.Series:
    """Return seconds since 1970, None where unknown, as a column of times in UTC, to the microsecond."""
    whole = [None if value is None else round(value * 1e6) for value in seconds]
    return pd.to_datetime(pd.Series(whole, dtype="Int64"), unit="us", utc=True).astype("datetime64[us, UTC]")


def free_name(name: str, taken: Collection[str], prefix: str) -> str:
    """Return a column's name: `name`, with `prefix` and a dot before it if it is taken."""
    return f"{prefix}.{name}" if name in taken else name


def _numbers(values: Sequence[Any], known: Sequence[Any]) -> pd.Series:
    whole = [value for value in known if isinstance(value, int)]
    if len(whole) == len(known):
        if all(-(2**63) <= value < 2**63 for value in whole):
            return pd.Series(values, dtype="Int64")
    elif all(abs(value) <= _EXACT for value in whole):
        return pd.Series(values, dtype="float64")
    return pd.Series([None if value is None else as_text(value) for value in values])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
