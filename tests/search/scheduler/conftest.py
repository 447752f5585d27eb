"""Fixtures for the tests of scheduler blocks."""

from __future__ import annotations

import pytest

from fashion_wb import wandb_private


@pytest.fixture
def in_own_folder(tmp_path, monkeypatch):
    """Run the test in its own folder, where it may write own.py."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def studies(monkeypatch):
    """Collect the studies of the optimizers that W&B builds, in order."""
    built = []
    make = wandb_private.make_optimizer

    def spy(info):
        optimizer = make(info)
        built.append(optimizer.study)
        return optimizer

    monkeypatch.setattr(wandb_private, "make_optimizer", spy)
    return built
