"""The compiled block against PyTorch's convolution, pool and ReLU: values and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fashion_wb.cnn.kernels import conv_pool

# Relative to the largest entry. float32: sums of up to 13,000 products, each rounded to 6e-8.
TOLERANCES = {np.float64: 1e-13, np.float32: 1e-5}


def pack(images):
    """Convert (N, C, H, W) to the layout of conv_pool."""
    n, c, h, w = images.shape
    apart = images.reshape(n, c, h, w // 2, 2)
    return np.ascontiguousarray(apart.transpose(1, 2, 4, 3, 0)).reshape(c, h, 2, w // 2 * n)


def unpack(activations, n):
    """Convert the layout of conv_pool to (N, C, H, W)."""
    c, h, _, rest = activations.shape
    apart = activations.reshape(c, h, 2, rest // n, n)
    return apart.transpose(4, 0, 1, 3, 2).reshape(n, c, h, rest // n * 2)


def compiled_block(images, weight, bias, grad):
    n = len(images)
    inputs = pack(images)
    outputs, argmax = conv_pool.forward(inputs, weight, bias, n)
    window_grad = conv_pool.pool_backward(pack(grad), argmax, n)
    weight_grad, bias_grad = np.zeros_like(weight), np.zeros_like(bias)
    conv_pool.backward_weight(inputs, window_grad, argmax, n, weight_grad, bias_grad)
    inputs_grad = conv_pool.backward_inputs(weight, window_grad, argmax, n)
    return unpack(outputs, n), unpack(inputs_grad, n), weight_grad, bias_grad


def torch_block(images, weight, bias, grad):
    leaves = [torch.tensor(array, requires_grad=True) for array in (images, weight, bias)]
    outputs = F.relu(F.max_pool2d(F.conv2d(*leaves), 2))
    outputs.backward(torch.from_numpy(grad))
    return [outputs.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]


def random_case(seed, n, channels, filters, side, dtype):
    draw = np.random.default_rng(seed).standard_normal
    out = (side - 2) // 2
    shapes = (n, channels, side, side), (filters, channels, 3, 3), (filters,), (n, filters, out, out)
    return [draw(shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("n", "channels", "filters", "side"),
    [(64, 1, 3, 30), (64, 9, 9, 14), (64, 15, 15, 6), (16, 2, 5, 14), (7, 3, 1, 10)],
)
def test_values_and_gradients_match_pytorch(n, channels, filters, side, dtype):
    arguments = random_case(filters, n, channels, filters, side, dtype)
    for found, expected in zip(compiled_block(*arguments), torch_block(*arguments), strict=True):
        error = np.abs(found - expected).max() / np.abs(expected).max()
        assert error < TOLERANCES[dtype]


def test_the_first_of_tied_outputs_gets_the_gradient_as_in_pytorch():
    images, weight, bias, grad = random_case(0, 16, 2, 3, 14, np.float64)
    arguments = images.round() / 2, weight.round(), bias.round(), grad  # sums are exact, and often tie
    for found, expected in zip(compiled_block(*arguments), torch_block(*arguments), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_gradients_accumulate():
    images, weight, bias, grad = random_case(1, 16, 1, 2, 6, np.float64)
    inputs = pack(images)
    _, argmax = conv_pool.forward(inputs, weight, bias, 16)
    window_grad = conv_pool.pool_backward(pack(grad), argmax, 16)
    sums = [np.zeros_like(weight), np.zeros_like(bias)]
    conv_pool.backward_weight(inputs, window_grad, argmax, 16, *sums)
    once = [array.copy() for array in sums]
    conv_pool.backward_weight(inputs, window_grad, argmax, 16, *sums)
    for first, second in zip(once, sums, strict=True):
        np.testing.assert_allclose(second, 2 * first, rtol=1e-12)


def test_nan_passes_through():
    images, weight, bias, _ = random_case(2, 16, 1, 2, 6, np.float32)
    bias[0] = np.nan
    outputs, _ = conv_pool.forward(pack(images), weight, bias, 16)
    assert np.isnan(outputs[0]).all() and np.isfinite(outputs[1]).all()
