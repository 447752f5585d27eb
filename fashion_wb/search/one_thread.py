"""Limit the numerical libraries to one thread while a search fits its model."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which BLAS and OpenMP compute with one thread.

    A search's models are small. With a thread per core they take longer, not shorter, and take the cores away
    from the trials that run at the same time. The suggestions are the same. Entering it takes about 3 ms.
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
