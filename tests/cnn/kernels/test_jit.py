"""Compiled kernels are cached, and a change of any file they were compiled from invalidates the cache."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from sweep_cases import ROOT

from fashion_wb.cnn.kernels.jit import SOURCES

PRODUCT = """
import numpy as np
from numba import njit
from fashion_wb.cnn.kernels import dense

@njit(cache=True)
def product(weight, inputs):
    return dense.forward(weight, np.zeros(2), inputs, False)

print(product(np.ones((2, 3)), np.ones((3, 4)))[0, 0], sum(product.stats.cache_hits.values()))
"""


@pytest.mark.long
@pytest.mark.processes
def test_a_changed_kernel_file_invalidates_the_cache_of_its_callers(tmp_path):
    package = tmp_path / "fashion_wb"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "fashion_wb", package, ignore=ignored)
    program = tmp_path / "program.py"
    program.write_text(PRODUCT)

    def run():
        done = subprocess.run(
            [sys.executable, program], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        return done.stdout.split()

    assert run() == ["3.0", "0"]
    assert run() == ["3.0", "1"]
    dense = package / "cnn" / "kernels" / "dense.py"
    before = dense.read_text()
    dense.write_text(before.replace("value = row[lane] + bias[o]", "value = row[lane] + bias[o] + 1"))
    assert dense.read_text() != before
    # program.py, the file of the function that numba cached, has not changed.
    assert run() == ["4.0", "0"]


def test_sources_lists_every_file_with_compiled_functions():
    files = (ROOT / "fashion_wb").rglob("*.py")
    assert {path.stem for path in files if "@compiled" in path.read_text()} == set(SOURCES)
