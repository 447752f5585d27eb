"""Compile the CNN's kernels for the CPU with numba, cache them, and allocate aligned arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np

# Allow reordered sums and fused multiply-adds, but keep infinities and NaN: divergence must show.
FASTMATH_FLAGS = {"contract", "reassoc", "nsz", "arcp"}

_CACHE_LINE = 64  # bytes; the widest vectors have as many

Array = np.ndarray[Any, Any]
Function = TypeVar("Function", bound=Callable[..., Any])

SOURCES = ("jit", "conv_pool", "dense", "adam", "network")  # the files with compiled functions


def _cache_folder() -> Path:
    """Return a cache folder whose name depends on the content of all `SOURCES`.

    numba recompiles a function only when its own file changes. It misses changes in the files of functions
    that it calls, so after an update a shared folder would still hold old code.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((here / f"{name}.py").read_bytes())
    base = numba.config.CACHE_DIR or here / "__pycache__"  # type: ignore[attr-defined]
    return Path(base) / f"compiled-{digest.hexdigest()[:16]}"


numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]


def compiled(function: Function) -> Function:
    """Compile `function` for one thread on its first call; the disk cache spares other processes the wait."""
    decorate = numba.njit(fastmath=FASTMATH_FLAGS, error_model="numpy", cache=True)
    return cast(Function, decorate(function))


@compiled
def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Allocate like np.empty, but start at a cache line.

    numba aligns to half a cache line. From there, every load of a 64-byte vector touches two lines.
    """
    count = 1
    for extent in shape:
        count *= extent
    padded = np.empty(count + _CACHE_LINE, dtype)
    skipped = -padded.ctypes.data % _CACHE_LINE // padded.itemsize
    return padded[skipped : skipped + count].reshape(shape)
