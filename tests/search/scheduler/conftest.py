"""Fixtures of the tests of the scheduler."""

from __future__ import annotations

import pytest

from fashion_wb import wandb_private


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    """Run in a folder of the test's own, where own.py may be written."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def studies(monkeypatch):
    """The studies of the optimizers that W&B builds, in order."""
    built = []
    make = wandb_private.make_optimizer

    def spy(info):
        optimizer = make(info)
        built.append(optimizer.study)
        return optimizer

    monkeypatch.setattr(wandb_private, "make_optimizer", spy)
    return built
