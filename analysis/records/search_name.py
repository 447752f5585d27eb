"""Names of searches: METHOD-rK is replicate K of a method."""

from __future__ import annotations

import re

# No leading zeros, so that every replicate has exactly one name.
_REPLICATE = re.compile(r"(?P<method>.+)-r(?P<replicate>0|[1-9][0-9]{0,8})", re.DOTALL)


def split_name(name: str) -> tuple[str, int]:
    """Split a search's name METHOD-rK into method and replicate (from 0): "bayes-r3" is ("bayes", 3).

    Any other name is the name of a method, with replicate 0.
    """
    found = _REPLICATE.fullmatch(name)
    return (found["method"], int(found["replicate"])) if found else (name, 0)


def join_name(method: str, replicate: int) -> str:
    """Return the name that `split_name` splits into `method` and `replicate` (from 0)."""
    return f"{method}-r{replicate}"
