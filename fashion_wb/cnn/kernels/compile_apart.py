"""Compile the kernels in a process of their own, so that every training runs what the cache holds.

A process that compiles them rounds sums differently from one that loads them (docs/findings.md). Without
this, the first training on a machine would differ from its repetition.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numba

from fashion_wb.cnn.kernels.jit import SOURCES

# Set in the process that compiles. Set by hand, kernels are compiled where they run.
HERE = "FASHION_WB_COMPILE_HERE"
_CODE = "import torch; from fashion_wb.cnn.backend import warm_up; warm_up(torch.device('cpu'))"


@functools.cache
def compile_apart() -> None:
    """Compile the kernels into numba's cache, unless they are there; about 20 s.

    Where the cache cannot be written, or the process fails, they are compiled where they run.
    """
    if os.environ.get(HERE):
        return
    done = Path(numba.config.CACHE_DIR) / f"complete-{_conditions()}"  # type: ignore[attr-defined]
    if done.exists() or not _can_write(done.parent):
        return
    environment = {**os.environ, HERE: "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    compiling = subprocess.run(
        [sys.executable, "-P", "-c", _CODE],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if compiling.returncode == 0:
        with contextlib.suppress(OSError):
            done.touch()


def _conditions() -> str:
    """Return a name for what numba's cache depends on: with another, it compiles again."""
    here = Path(__file__).parent
    files = [(here / f"{name}.py").stat() for name in SOURCES]
    known = [sys.version, numba.__version__, llvm.get_host_cpu_name(), str(llvm.get_host_cpu_features())]
    known += [f"{file.st_mtime} {file.st_size}" for file in files]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:16]


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
