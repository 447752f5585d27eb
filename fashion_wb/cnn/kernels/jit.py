"""How the CNN's arithmetic is compiled for the CPU, and the arrays that it works on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numba
import numpy as np

# Reordered sums and fused multiply-adds, but infinities and NaN keep their meaning: divergence must show.
FAST_SUMS = {"contract", "reassoc", "nsz", "arcp"}

_LINE = 64  # bytes of a cache line, and of the widest vectors
Array = np.ndarray[Any, Any]

SOURCES = ("jit", "conv_pool", "dense", "adam", "network")  # the files with compiled functions


def _cache_folder() -> Path:
    """A folder that another version of any of these files does not share.

    What numba keeps of a function goes stale with the file it stands in, not with those of the functions that
    were compiled into it: after an update the old arithmetic would go on.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((here / f"{name}.py").read_bytes())
    return Path(numba.config.CACHE_DIR or here / "__pycache__") / f"compiled-{digest.hexdigest()[:16]}"


numba.config.CACHE_DIR = str(_cache_folder())


def compiled(function: Any) -> Any:
    """Compile on first use, for one thread; kept on disk, so that only the first process ever waits."""
    return numba.njit(fastmath=FAST_SUMS, error_model="numpy", cache=True)(function)


@compiled
def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """As np.empty, but beginning where a cache line does.

    numba aligns to half a line: where its allocation happens to begin in the middle of one, every load of a
    vector of 64 bytes touches two.
    """
    count = 1
    for extent in shape:
        count *= extent
    whole = np.empty(count + _LINE, dtype)
    skipped = -whole.ctypes.data % _LINE // whole.itemsize
    return whole[skipped : skipped + count].reshape(shape)
