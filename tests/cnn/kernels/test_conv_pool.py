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
    """(N, C, H, W) to the layout of convpool."""
    n, c, h, w = images.shape
    apart = images.reshape(n, c, h, w // 2, 2)
    return np.ascontiguousarray(apart.transpose(1, 2, 4, 3, 0)).reshape(c, h, 2, w // 2 * n)


def unpack(activations, n):
    """The layout of convpool to (N, C, H, W)."""
    c, h, _, rest = activations.shape
    apart = activations.reshape(c, h, 2, rest // n, n)
    return apart.transpose(4, 0, 1, 3, 2).reshape(n, c, h, rest // n * 2)


def ours(images, weight, bias, grad):
    n = len(images)
    inputs = pack(images)
    outputs, origin = conv_pool.forward(inputs, weight, bias, n)
    by_window = conv_pool.through_pool(pack(grad), origin, n)
    weight_grad, bias_grad = np.zeros_like(weight), np.zeros_like(bias)
    conv_pool.backward_weight(inputs, by_window, origin, n, weight_grad, bias_grad)
    inputs_grad = conv_pool.backward_inputs(weight, by_window, origin, n)
    return unpack(outputs, n), unpack(inputs_grad, n), weight_grad, bias_grad


def stock(images, weight, bias, grad):
    leaves = [torch.tensor(array, requires_grad=True) for array in (images, weight, bias)]
    outputs = F.relu(F.max_pool2d(F.conv2d(*leaves), 2))
    outputs.backward(torch.from_numpy(grad))
    return [outputs.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]


def case(seed, n, channels, filters, side, dtype):
    draw = np.random.default_rng(seed).standard_normal
    out = (side - 2) // 2
    shapes = (n, channels, side, side), (filters, channels, 3, 3), (filters,), (n, filters, out, out)
    return [draw(shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("n", "channels", "filters", "side"),
    [(64, 1, 3, 30), (64, 9, 9, 14), (64, 15, 15, 6), (16, 2, 5, 14), (7, 3, 1, 10)],
)
def test_values_and_gradients_are_those_of_the_stock_spelling(n, channels, filters, side, dtype):
    arguments = case(filters, n, channels, filters, side, dtype)
    for found, expected in zip(ours(*arguments), stock(*arguments), strict=True):
        error = np.abs(found - expected).max() / np.abs(expected).max()
        assert error < TOLERANCES[dtype]


def test_of_equal_outputs_the_first_gets_the_gradient_as_in_pytorch():
    images, weight, bias, grad = case(0, 16, 2, 3, 14, np.float64)
    arguments = images.round() / 2, weight.round(), bias.round(), grad  # sums are exact, and often equal
    for found, expected in zip(ours(*arguments), stock(*arguments), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_gradients_are_added():
    images, weight, bias, grad = case(1, 16, 1, 2, 6, np.float64)
    inputs = pack(images)
    _, origin = conv_pool.forward(inputs, weight, bias, 16)
    by_window = conv_pool.through_pool(pack(grad), origin, 16)
    sums = [np.zeros_like(weight), np.zeros_like(bias)]
    conv_pool.backward_weight(inputs, by_window, origin, 16, *sums)
    once = [array.copy() for array in sums]
    conv_pool.backward_weight(inputs, by_window, origin, 16, *sums)
    for first, second in zip(once, sums, strict=True):
        np.testing.assert_allclose(second, 2 * first, rtol=1e-12)


def test_what_is_not_a_number_stays_so():
    images, weight, bias, _ = case(2, 16, 1, 2, 6, np.float32)
    bias[0] = np.nan
    outputs, _ = conv_pool.forward(pack(images), weight, bias, 16)
    assert np.isnan(outputs[0]).all() and np.isfinite(outputs[1]).all()
