"""The conditions of a study are recorded and read back."""

from __future__ import annotations

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.study.conditions import FILE, read_conditions, write_conditions


def test_conditions_are_read_back_and_the_first_record_stays(tmp_path):
    for seed in (0, 1):
        write_conditions(tmp_path / "study", trials=3, seed=seed)
    record = read_conditions(tmp_path / "study")
    assert record["trials"] == 3 and record["seed"] == 0
    assert {"machine", "python", "torch", "wandb"} <= set(record)


def test_a_folder_without_conditions_has_none(tmp_path):
    assert read_conditions(tmp_path) is None
    assert read_conditions(tmp_path / "absent") is None


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_damaged_conditions_are_reported(tmp_path, text):
    (tmp_path / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FashionWbError, match=rf"{FILE}: .*: delete it, or restore it"):
        read_conditions(tmp_path)
