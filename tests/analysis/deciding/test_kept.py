"""The file of all replayed searches holds what the page shows of them."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis.deciding.conditions import Condition, Repeats
from analysis.deciding.kept import KEPT, keep, read_kept
from analysis.deciding.runs import read_file, replay_all
from fashion_wb.errors import FashionWbError
from fashion_wb.replay.table import FASHION_MNIST, read_table, write_table

pytestmark = pytest.mark.processes
WHOLE, END = Condition("random", "trials", 50), Condition("random", "trials", 20, 4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("evidence")
    replay_all([WHOLE, END], Repeats(2, 1), FASHION_MNIST, made, 2, io.StringIO())
    half = made / "half-seeds-0"
    half.mkdir()
    write_table(read_table(FASHION_MNIST).with_seeds([0, 1, 2]), half / "table.npz")
    replay_all([END], Repeats(1, 1), half / "table.npz", half, 2, io.StringIO())
    return made


def test_what_is_kept_is_what_was_replayed(folder, tmp_path):
    keep(folder, tmp_path / KEPT)
    found = read_kept(tmp_path / KEPT, FASHION_MNIST)
    assert sorted(found) == sorted([WHOLE.name, END.name, f"half-seeds-0/{END.name}"])
    for name, one in found.items():
        made = read_file(folder / f"{name}.npz")
        made = made if name == WHOLE.name else made.at_end()
        assert one.table.tolist() == made.table.tolist() and one.trials.tolist() == made.trials.tolist()
        assert one.replicate.tolist() == made.replicate.tolist()
        for curve, values in made.curves.items():
            assert one.curves[curve].shape == values.shape
            apart = 0.0005 if curve == "seconds" else 0  # half a millisecond each
            np.testing.assert_allclose(one.curves[curve], values, rtol=1e-6 if apart else 0, atol=apart)


def test_searches_of_another_table_are_refused(folder, tmp_path):
    keep(folder, tmp_path / KEPT)
    other = folder / "half-seeds-0" / "table.npz"
    with pytest.raises(FashionWbError, match="was replayed from another table"):
        read_kept(tmp_path / KEPT, other)
    mixed = Path(shutil.copytree(folder, tmp_path / "mixed"))
    (mixed / f"{END.name}.npz").unlink()
    replay_all([END], Repeats(1, 1), other, mixed, 2, io.StringIO())
    with pytest.raises(FashionWbError, match="of 2 tables"):
        keep(mixed, tmp_path / KEPT)
    with pytest.raises(FashionWbError, match="of 0 tables"):
        keep(tmp_path, tmp_path / KEPT)
