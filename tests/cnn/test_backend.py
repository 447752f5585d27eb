"""The compiled backend matches PyTorch in losses, gradients, curves and accuracies; which one is chosen."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from sweep_cases import ROOT
from torch.nn import functional as F

from fashion_wb.cnn import backend
from fashion_wb.cnn.backend import CompiledBackend, TorchBackend, as_input, choose_backend
from fashion_wb.cnn.config import TrainConfig
from fashion_wb.cnn.data.dataset import load
from fashion_wb.cnn.kernels import adam, network
from fashion_wb.cnn.model import build_model
from fashion_wb.cnn.training import DivergedError, train

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(data_dir):
    return load(seed=0, data_dir=data_dir, limit=1000)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def both(config):
    """Create both backends, each with its own model; the models start equal."""
    models = [build_model(config, CPU) for _ in range(2)]
    return models, (CompiledBackend(models[0], config.lr), TorchBackend(models[1], config.lr))


def flat(tensors):
    return torch.cat([value.reshape(-1) for value in tensors])


def compiled_gradients(model, split, rows):
    """Compute the summed loss over a batch, and the gradients of its mean in the order of the parameters."""
    values = network.Parameters(*(value.detach().contiguous().numpy() for value in model.parameters()))
    gradients = network.Parameters(*map(np.zeros_like, values))
    pixels = network.as_words(split.pool.numpy())
    loss = network.loss_and_gradients(pixels, split.pool_labels.numpy(), rows.numpy(), values, gradients)
    return loss, gradients


@pytest.mark.parametrize("filters", [1, 2, 9, 15, 32])
@pytest.mark.parametrize("batch_size", [1, 16, 64, 150])
def test_losses_and_gradients_of_a_batch_match_pytorch(data, filters, batch_size):
    model = build_model(TrainConfig(filters=filters, units1=20, units2=13), CPU)
    shuffled = torch.randperm(1000, generator=torch.Generator().manual_seed(batch_size))
    batch = data.train.rows[shuffled[:batch_size]]
    total, gradients = compiled_gradients(model, data.train, batch)
    loss = F.cross_entropy(model(as_input(data.train.pool[batch])), data.train.pool_labels[batch])
    loss.backward()
    assert total == pytest.approx(batch_size * loss.item(), rel=1e-5)
    found = flat(map(torch.from_numpy, gradients))
    expected = flat(value.grad for value in model.parameters())
    # Relative to the largest entry: float32, summed in another order.
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.long
def test_in_double_precision_gradients_agree_to_ten_digits(data):
    model = build_model(TrainConfig(filters=4), CPU).double()
    total, gradients = compiled_gradients(model, data.train, data.train.rows[:80])
    loss = F.cross_entropy(model(data.train.images[:80].double() / 255), data.train.labels[:80])
    loss.backward()
    assert total / 80 == pytest.approx(loss.item(), rel=1e-10)
    for found, value in zip(gradients, model.parameters(), strict=True):
        np.testing.assert_allclose(found, value.grad.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("lr", [1e-3, 10.0])
def test_adam_matches_pytorch(lr):
    draw = np.random.default_rng(0).standard_normal
    state = adam.start(draw(1000), np.empty(1000))
    theirs = torch.nn.Parameter(torch.from_numpy(state.values.copy()))
    optimiser = torch.optim.Adam([theirs], lr=lr)
    for step in range(300):
        state.gradient[:] = draw(1000) * 10.0 ** (step % 7 - 5)
        theirs.grad = torch.from_numpy(state.gradient.copy())
        adam.step(state, lr, step + 1)
        optimiser.step()
        np.testing.assert_allclose(state.values, theirs.detach().numpy(), rtol=1e-11, atol=1e-13 * lr)


@pytest.mark.parametrize("batch_size", [7, 64, 1000])
def test_one_call_several_calls_and_pytorch_take_the_same_steps(data, batch_size):
    models, (compiled, pytorch) = both(TrainConfig(filters=3, lr=1e-3))
    again = build_model(TrainConfig(filters=3), CPU)
    parts = CompiledBackend(again, 1e-3)
    rows = data.train.rows[: 10 * batch_size + 3]  # the last batch is a small one, if there is a second
    total = compiled.train(data.train, rows, batch_size)
    assert total == pytest.approx(float(pytorch.train(data.train, rows, batch_size)), rel=1e-4)
    assert total == pytest.approx(sum(parts.train(data.train, p, batch_size) for p in rows.split(batch_size)))
    assert torch.equal(flat(models[0].parameters()), flat(again.parameters()))
    # Adam's step has size lr for any gradient; if the gradient is only rounding error, its sign may differ.
    apart = (flat(models[0].parameters()) - flat(models[1].parameters())).abs()
    assert apart.mean() < 1e-5


def test_training_updates_the_models_own_parameters(data):
    (model, _), (compiled, _) = both(TrainConfig(filters=3, lr=1e-2))
    compiled.train(data.train, data.train.rows[:640], 64)
    loss, accuracy = compiled.evaluate(data.valid)
    with torch.no_grad():
        logits = model(as_input(data.valid.images))
    assert loss == pytest.approx(F.cross_entropy(logits, data.valid.labels).item(), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == data.valid.labels).double().mean().item())


def curve(config, data, monkeypatch, compiled):
    with monkeypatch.context() as patch:
        if not compiled:
            patch.setattr(backend, "_CAN_COMPILE", False)
        return list(train(config, data, CPU))


def test_training_curves_match_pytorch(data, monkeypatch):
    config = TrainConfig(filters=6, epochs=3, lr=2e-3)
    pairs = zip(*(curve(config, data, monkeypatch, compiled) for compiled in (True, False)), strict=True)
    for compiled, pytorch in pairs:
        # Rounding differences grow over 48 steps; with many seeds they stayed below 1e-4.
        assert compiled.train_loss == pytest.approx(pytorch.train_loss, rel=1e-3)
        assert compiled.valid_loss == pytest.approx(pytorch.valid_loss, rel=1e-3)
        assert compiled.valid_accuracy == pytest.approx(pytorch.valid_accuracy, abs=0.01)


def test_losses_over_seeds_have_the_same_distribution_as_pytorch(data, monkeypatch):
    """Two-sample Kolmogorov-Smirnov test over 20 seeds each, no seed in common.

    The seeds are fixed, so it always passes or always fails; correct code fails with probability 1e-3.
    """
    config = TrainConfig(filters=4, epochs=1, lr=3e-3)
    found = [
        [curve(replace(config, seed=seed), data, monkeypatch, compiled)[-1].valid_loss for seed in seeds]
        for compiled, seeds in ((True, range(20)), (False, range(20, 40)))
    ]
    assert stats.ks_2samp(*found).pvalue > 1e-3


def test_nan_weights_raise_an_error(data, monkeypatch):
    build = build_model

    def with_nan(config, device):
        model = build(config, device)
        model.conv2.weight.data[0, 0, 0, 0] = float("nan")
        return model

    monkeypatch.setattr("fashion_wb.cnn.training.build_model", with_nan)
    with pytest.raises(DivergedError, match="not finite after epoch 1"):
        list(train(TrainConfig(filters=3, epochs=1), data, CPU))


def test_only_small_models_on_the_cpu_use_the_compiled_backend(data):
    def chosen(config, split=data.train):
        return type(choose_backend(build_model(config, CPU), split))

    assert chosen(TrainConfig(filters=32, units1=512, units2=512)) is CompiledBackend
    assert chosen(TrainConfig(filters=33)) is TorchBackend
    assert chosen(TrainConfig(units1=513, units2=512)) is TorchBackend
    assert chosen(TrainConfig(), replace(data.train, pool=data.train.pool.float())) is TorchBackend
    assert chosen(TrainConfig(), data.train.to(torch.device("meta"))) is TorchBackend


@pytest.mark.long
@pytest.mark.parametrize("without", ["sys.modules['numba'] = None", "os.environ['NUMBA_DISABLE_JIT'] = '1'"])
@pytest.mark.processes
def test_without_numba_pytorch_is_used(without, data_dir):
    code = (
        f"import os, sys\n{without}\nimport torch\nfrom pathlib import Path\n"
        "from fashion_wb.cnn import backend, config, model, training\n"
        "from fashion_wb.cnn.data import dataset as data\n"
        "cpu, images = torch.device('cpu'), data.load(0, Path(sys.argv[1]), limit=100)\n"
        "settings = config.TrainConfig(filters=2, epochs=1)\n"
        "chosen = backend.choose_backend(model.build_model(settings, cpu), images.train)\n"
        "assert isinstance(chosen, backend.TorchBackend)\n"
        "backend.warm_up(training.pick_device())\n"
        "assert len(list(training.train(settings, images, cpu))) == 1\n"
    )
    subprocess.run([sys.executable, "-c", code, str(data_dir)], check=True, cwd=ROOT)
