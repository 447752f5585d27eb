"""A search's name: its method, and which replicate of the method it is."""

from __future__ import annotations

import re

# A first digit of 0 only for replicate 0 itself, so that every replicate has one name.
_REPLICATE = re.compile(r"(?P<method>.+)-r(?P<replicate>0|[1-9][0-9]{0,8})", re.DOTALL)


def split_name(name: str) -> tuple[str, int]:
    """Method and replicate (from 0) of a search named METHOD-rK, as "bayes-r3" is ("bayes", 3).

    Any other name is a method's own, and its replicate 0.
    """
    found = _REPLICATE.fullmatch(name)
    return (found["method"], int(found["replicate"])) if found else (name, 0)


def join_name(method: str, replicate: int) -> str:
    """The name that `split_name` takes apart into `method` and `replicate` (from 0)."""
    return f"{method}-r{replicate}"
