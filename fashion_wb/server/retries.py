"""Repeat requests whose answer was damaged, with growing pauses and within a time limit.

wandb-core repeats a request after HTTP 429, 5xx and lost connections, but takes an answer that breaks off, or
the web page of a proxy, for the server's last word.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from fashion_wb.server.errors import Unreachable

Answer = TypeVar("Answer")
WAITS = (1.0, 2.0, 4.0, 8.0, 8.0)
# Clients that fail together should not return together. Not Python's global generator: searches use that.
_jitter = random.Random()


def repeated(
    request: Callable[[float], Answer],
    kind: type[Unreachable],
    limit: float,
    waits: Sequence[float] = WAITS,
) -> Answer:
    """Return the answer of `request`, repeated while it raises `kind`.

    Args:
        request: gets the seconds that are left for it.
        kind: the errors after which it may succeed.
        limit: seconds for all attempts together.
        waits: seconds before each further attempt; each gets up to a quarter longer.

    Raises:
        ServerError: what the last attempt raised.
    """
    deadline = time.monotonic() + limit
    for wait in waits:
        try:
            return request(deadline - time.monotonic())
        except kind:
            pause = wait * _jitter.uniform(1, 1.25)
            if time.monotonic() + pause >= deadline:
                raise
        time.sleep(pause)
    return request(deadline - time.monotonic())
