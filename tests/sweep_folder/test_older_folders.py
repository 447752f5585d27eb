"""Folders that an older version wrote name files by their old paths; they are read with the current ones."""

from __future__ import annotations

import pytest

from fashion_wb.sweep_folder.older_folders import update_config

OLD = {"engine": "optuna", "source": "fashion_wb/samplers/studies.py", "optimizer": "optuna_tpe"}


def test_a_moved_source_gets_its_current_path():
    updated = update_config({"method": "custom", "scheduler": OLD})
    assert updated == {"method": "custom", "scheduler": {**OLD, "source": "fashion_wb/search/studies.py"}}


@pytest.mark.parametrize(
    "config",
    [
        {"method": "random"},
        {"method": "custom", "scheduler": {"engine": "wandb"}},
        {"method": "custom", "scheduler": {**OLD, "source": "mine/studies.py"}},
    ],
)
def test_everything_else_stays_the_same(config):
    assert update_config(config) == config
