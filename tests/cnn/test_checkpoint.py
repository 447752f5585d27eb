"""A training that goes on from a checkpoint equals the undisturbed one to the bit, with every backend."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest
import torch

from fashion_wb.cnn import backend
from fashion_wb.cnn.checkpoint import FILE, Checkpoint, Progress, load_checkpoint, save_checkpoint
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import load
from fashion_wb.cnn.training import BestWeights, train

CPU = torch.device("cpu")
EPOCHS = 4
CONFIG = TrainConfig(filters=3, epochs=EPOCHS, lr=2e-3)


@pytest.fixture(scope="module")
def data(data_dir):
    return load(seed=0, data_dir=data_dir, limit=700)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["compiled", "pytorch"], autouse=True)
def any_backend(request, monkeypatch):
    if request.param == "pytorch":
        monkeypatch.setattr(backend, "_CAN_COMPILE", False)


def results(records):
    return [(r.epoch, r.train_loss, r.valid_loss, r.valid_accuracy) for r in records]


def run_to(end, data, folder):
    """Go on from the checkpoint in `folder`, if any, to epoch `end`, as a process of its own would."""
    found, problem = load_checkpoint(folder, asdict(CONFIG))
    assert problem == ""
    progress, best = Progress(found.training), BestWeights()
    if found.best is not None:
        best.restore(found.best)
    for record in train(CONFIG, data, CPU, best=best, progress=progress):
        found.rows.append(asdict(record))
        found.training, found.best = progress.state(), best.state()
        save_checkpoint(found, folder)
        if record.epoch == end:
            break
    return load_checkpoint(folder, asdict(CONFIG))[0]


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return a == b


@pytest.mark.parametrize("stops", [[1], [2], [3], [1, 2, 3], [EPOCHS]])
def test_stopping_after_any_epoch_changes_nothing(stops, data, tmp_path):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    straight.mkdir()
    broken.mkdir()
    expected = run_to(EPOCHS, data, straight)
    for end in [*stops, EPOCHS]:
        found = run_to(end, data, broken)
    names = ("epoch", "train_loss", "valid_loss", "valid_accuracy")
    rows, others = ([[row[name] for name in names] for row in one.rows] for one in (found, expected))
    assert rows == others and len(rows) == EPOCHS
    assert equal(found.training, expected.training) and equal(found.best, expected.best)


def test_a_training_without_a_checkpoint_is_the_same(data, tmp_path):
    found = run_to(EPOCHS, data, tmp_path)
    plain = results(train(CONFIG, data, CPU))
    assert [(r["epoch"], r["train_loss"], r["valid_loss"], r["valid_accuracy"]) for r in found.rows] == plain


def test_a_checkpoint_that_cannot_be_used_is_named_and_training_starts_anew(data, tmp_path):
    run_to(1, data, tmp_path)
    other = asdict(replace(CONFIG, lr=1e-3))
    assert load_checkpoint(tmp_path, other) == (
        Checkpoint(other),
        f"{tmp_path / FILE}: is of another configuration; training starts from the beginning",
    )
    whole = (tmp_path / FILE).read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no checkpoint"):
        (tmp_path / FILE).write_bytes(content)
        found, problem = load_checkpoint(tmp_path, asdict(CONFIG))
        assert found == Checkpoint(asdict(CONFIG)) and "cannot be read" in problem


def test_code_in_a_checkpoint_does_not_run(tmp_path):
    class Bad:
        def __reduce__(self):
            return (math.factorial, (5,))

    torch.save({"config": Bad()}, tmp_path / FILE)
    assert "cannot be read (UnpicklingError)" in load_checkpoint(tmp_path, {})[1]
