"""The training loop matches a plain PyTorch loop; records, stopping, best weights and divergence."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
import torch
from plain_cnn import PlainCnn
from torch import nn

from fashion_wb.cnn.backend import as_input
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import Split, load
from fashion_wb.cnn.model import build_model
from fashion_wb.cnn.training import BestWeights, DivergedError, evaluate, pick_device, train
from fashion_wb.errors import FashionWbError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(data_dir):
    return load(seed=0, data_dir=data_dir, limit=1000)


def plain_copy(model, config):
    plain = PlainCnn(config.filters, config.units1, config.units2)
    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        theirs.data.copy_(ours.data)
    return plain


@pytest.mark.parametrize("filters", [1, 2, 9, 15])
def test_losses_and_gradients_match_the_plain_model(data, filters):
    config = TrainConfig(filters=filters)
    model = build_model(config, CPU)
    plain = plain_copy(model, config)
    images, labels = data.train.images[:64], data.train.labels[:64]
    loss = nn.functional.cross_entropy(model(as_input(images)), labels)
    expected = nn.functional.cross_entropy(plain(images.float() / 255), labels)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    ours, theirs = (torch.cat([p.grad.flatten() for p in net.parameters()]) for net in (model, plain))
    # Relative to the largest entry: float32, summed in another order.
    assert (ours - theirs).abs().max() < 1e-4 * theirs.abs().max()


def test_an_epoch_matches_a_plain_loop_with_torch_adam(data):
    config = TrainConfig(filters=5, epochs=1)
    plain = plain_copy(build_model(config, CPU), config)
    optimiser = torch.optim.Adam(plain.parameters(), lr=config.lr)
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(config.seed))
    losses = []
    for batch in order.split(config.batch_size):
        loss = nn.functional.cross_entropy(
            plain(data.train.images[batch].float() / 255), data.train.labels[batch]
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item() * len(batch))
    (record,) = train(config, data, CPU)
    assert record.train_loss == pytest.approx(sum(losses) / 1000, rel=1e-4)
    with torch.no_grad():
        logits = plain(data.valid.images.float() / 255)
    expected = nn.functional.cross_entropy(logits, data.valid.labels).item()
    assert record.valid_loss == pytest.approx(expected, rel=1e-3)
    accuracy = (logits.argmax(1) == data.valid.labels).float().mean().item()
    assert record.valid_accuracy == pytest.approx(accuracy, abs=1 / len(data.valid.labels))


def curve(config, data):
    return [(r.epoch, r.train_loss, r.valid_loss, r.valid_accuracy) for r in train(config, data, CPU)]


def test_the_seed_determines_the_curve(data):
    first = curve(TrainConfig(filters=3, epochs=2, seed=4), data)
    torch.manual_seed(99)  # the global random state must not matter
    assert curve(TrainConfig(filters=3, epochs=2, seed=4), data) == first
    assert curve(TrainConfig(filters=3, epochs=2, seed=5), data) != first


def test_building_a_model_does_not_change_the_global_random_state():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build_model(TrainConfig(), CPU)
    assert torch.equal(torch.rand(3), expected)


def test_training_yields_one_record_per_epoch_and_learns(data):
    records = list(train(TrainConfig(filters=8, epochs=4, lr=3e-3), data, CPU))
    assert [record.epoch for record in records] == [1, 2, 3, 4]
    assert records[-1].train_loss < records[0].train_loss
    # Guessing gives 0.1. After four epochs over 1,000 images, every seed tried gave more than 0.5.
    assert records[-1].valid_accuracy > 0.3
    assert all(value > 0 for record in records for value in astuple(record))


def test_best_weights_are_those_of_the_best_epoch(data):
    # On the validation split they must give exactly the best epoch's numbers.
    config = TrainConfig(filters=4, lr=0.05, epochs=5)
    weights = BestWeights()
    records = list(train(config, data, CPU, best=weights))
    best = min(records, key=lambda record: record.valid_loss)
    assert best is not records[-1], "this run does not show the difference"
    found = weights.test(config, data.valid, CPU)
    assert (found.test_loss, found.test_accuracy) == (best.valid_loss, best.valid_accuracy)


def test_testing_before_an_epoch_has_finished_is_an_error(data):
    with pytest.raises(FashionWbError, match="no epoch has finished"):
        BestWeights().test(TrainConfig(), data.valid, CPU)


def test_training_stops_on_request_and_drops_the_unfinished_epoch(data):
    asked = []

    def should_stop():
        asked.append(None)
        return len(asked) > 10  # an epoch has 250 steps, 32 between checks

    config = TrainConfig(epochs=5, batch_size=4)
    assert [record.epoch for record in train(config, data, CPU, should_stop)] == [1]


def test_a_caller_can_close_the_iterator_early(data):
    records = train(TrainConfig(epochs=5), data, CPU)
    assert next(records).epoch == 1
    records.close()
    assert list(records) == []


def test_a_loss_that_is_not_finite_is_an_error_that_names_the_likely_cause(data):
    # Adam's normalised steps keep the loss finite at every allowed learning rate, so one pixel is infinite.
    images = data.train.images.float()
    images[7, 0, 3, 3] = float("inf")
    broken = replace(data, train=Split(images, data.train.labels, torch.arange(len(images))))
    with pytest.raises(
        DivergedError, match=r"not finite after epoch 1 \(training nan.*lr 0.001 is likely too high"
    ):
        list(train(TrainConfig(), broken, CPU))


@pytest.mark.parametrize("name", ["nonsense", "cuda:99", "meta", "mps:x"])
def test_a_device_that_is_not_there_is_named(monkeypatch, name):
    monkeypatch.setenv("FASHION_WB_DEVICE", name)
    with pytest.raises(FashionWbError, match=f"FASHION_WB_DEVICE must be a device .* got '{name}'"):
        pick_device()


def test_evaluation_in_batches_matches_evaluation_at_once(data):
    model = build_model(TrainConfig(filters=4), CPU)
    loss, accuracy = evaluate(model, data.train)
    with torch.no_grad():
        logits = model(as_input(data.train.images))
    assert loss == pytest.approx(nn.functional.cross_entropy(logits, data.train.labels).item(), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == data.train.labels).double().mean().item())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_matches_the_cpu(data):
    on_cpu = list(train(TrainConfig(filters=8, epochs=2), data, CPU))
    on_cuda = list(train(TrainConfig(filters=8, epochs=2), data, torch.device("cuda")))
    for a, b in zip(on_cpu, on_cuda, strict=True):
        assert a.train_loss == pytest.approx(b.train_loss, rel=0.02)
