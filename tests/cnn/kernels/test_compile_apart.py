"""The first training on a machine, which compiles the kernels, gives what every later one gives."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from sweep_cases import ROOT

pytestmark = [pytest.mark.long, pytest.mark.processes, pytest.mark.usefixtures("data_dir")]

PROGRAM = """
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import load
from fashion_wb.cnn.training import pick_device, train, use_one_thread

use_one_thread()
config = TrainConfig(filters=9, lr=0.002, epochs=4, seed=3)
for row in train(config, load(config.seed), pick_device()):
    print(repr(row.train_loss), repr(row.valid_loss))
"""


def test_the_first_training_is_repeated_exactly(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "FASHION_WB_LIMIT": "4000"}

    def losses():
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=environment,
        )
        return done.stdout

    first = losses()
    (marker,) = tmp_path.rglob("complete-*")
    assert marker.parent.name.startswith("compiled-")
    assert len(first.splitlines()) == 4 and losses() == first
