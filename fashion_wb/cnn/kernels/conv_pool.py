"""One block of the CNN, compiled for the CPU: 3x3 convolution, 2x2 max-pool and ReLU, forward and backward.

PyTorch's own kernels reach a few per cent of a core's arithmetic at 2 to 16 channels. Here the images of a
batch lie next to each other, so that every operation is one on long vectors whatever the number of channels,
and the convolution's full output, of which the pool drops three quarters, is never stored.

Layout of activations: (channels, height, 2, width / 2 * lanes). A row's even columns come first and its odd
ones after them, each column as `lanes` numbers, one an image. What four neighbouring outputs (one window of
the pool) need of a row then stands at the same distance for every window and image, and an inner loop runs
over all of them.

Window order: (channels, windows down, windows across * lanes). `origin` says which of its window's four
outputs (0 1 over 2 3) was the largest, or 4 where ReLU cut it.
"""

from __future__ import annotations

import numpy as np

from fashion_wb.cnn.kernels.jit import Array, aligned, compiled

_CUT = 4


@compiled
def forward(inputs: Array, weight: Array, bias: Array, lanes: int) -> tuple[Array, Array]:
    """relu(max_pool2d(conv2d(inputs, weight, bias), 2)), without padding.

    Args:
        inputs: (C, H, 2, W / 2 * lanes), H and W even.
        weight: (O, C, 3, 3).
        bias: (O,).
        lanes: images in the batch.

    Returns:
        The outputs, (O, (H - 2) / 2, 2, (W - 2) / 4 * lanes), and `origin`, uint8 in window order.
        (W - 2) / 2 must be even.
    """
    channels, down, across = weight.shape[0], inputs.shape[1] // 2 - 1, inputs.shape[3] - lanes
    outputs = aligned((channels, down, 2, across // 2), inputs.dtype)
    origin = np.empty((channels, down, across), np.uint8)
    windows = aligned((channels, 1, 4, across), inputs.dtype)
    for row in range(down):
        for channel in range(channels):
            windows[channel] = bias[channel]
        _correlate(inputs, weight, row, lanes, windows, 0)
        for channel in range(channels):
            _pool(windows[channel, 0], lanes, outputs[channel, row], origin[channel, row])
    return outputs, origin


@compiled
def backward_weight(
    inputs: Array, by_window: Array, origin: Array, lanes: int, weight_grad: Array, bias_grad: Array
) -> None:
    """Add a batch's gradient to `weight_grad` and `bias_grad`; `by_window` as `through_pool` gives it."""
    zero = by_window.dtype.type(0)
    for o in range(weight_grad.shape[0]):
        bias_grad[o] += by_window[o].sum()
        for c in range(weight_grad.shape[1]):
            k00 = k01 = k02 = k10 = k11 = k12 = k20 = k21 = k22 = zero
            for row in range(by_window.shape[1]):
                grad, place = by_window[o, row], origin[o, row]
                a0, b0, c0, d0 = _columns(inputs[c, 2 * row], lanes)
                a1, b1, c1, d1 = _columns(inputs[c, 2 * row + 1], lanes)
                a2, b2, c2, d2 = _columns(inputs[c, 2 * row + 2], lanes)
                a3, b3, c3, d3 = _columns(inputs[c, 2 * row + 3], lanes)
                for j in range(grad.shape[0]):
                    g0 = grad[j] if place[j] == 0 else zero
                    g1 = grad[j] if place[j] == 1 else zero
                    g2 = grad[j] if place[j] == 2 else zero
                    g3 = grad[j] if place[j] == 3 else zero
                    k00 += g0 * a0[j] + g1 * b0[j] + g2 * a1[j] + g3 * b1[j]
                    k01 += g0 * b0[j] + g1 * c0[j] + g2 * b1[j] + g3 * c1[j]
                    k02 += g0 * c0[j] + g1 * d0[j] + g2 * c1[j] + g3 * d1[j]
                    k10 += g0 * a1[j] + g1 * b1[j] + g2 * a2[j] + g3 * b2[j]
                    k11 += g0 * b1[j] + g1 * c1[j] + g2 * b2[j] + g3 * c2[j]
                    k12 += g0 * c1[j] + g1 * d1[j] + g2 * c2[j] + g3 * d2[j]
                    k20 += g0 * a2[j] + g1 * b2[j] + g2 * a3[j] + g3 * b3[j]
                    k21 += g0 * b2[j] + g1 * c2[j] + g2 * b3[j] + g3 * c3[j]
                    k22 += g0 * c2[j] + g1 * d2[j] + g2 * c3[j] + g3 * d3[j]
            kernel = weight_grad[o, c]
            kernel[0, 0] += k00
            kernel[0, 1] += k01
            kernel[0, 2] += k02
            kernel[1, 0] += k10
            kernel[1, 1] += k11
            kernel[1, 2] += k12
            kernel[2, 0] += k20
            kernel[2, 1] += k21
            kernel[2, 2] += k22


@compiled
def backward_inputs(weight: Array, by_window: Array, origin: Array, lanes: int) -> Array:
    """The gradient of the block's inputs; `by_window` as `through_pool` gives it.

    It is the correlation of the gradient of the convolution's outputs, with a border of two zeros, and the
    kernels turned by half a circle.
    """
    outputs, channels = weight.shape[:2]
    turned = np.empty((channels, outputs, 3, 3), weight.dtype)
    for c in range(channels):
        turned[c] = weight[:, c, ::-1, ::-1]
    spread = _spread(by_window, origin, lanes)
    down, across = by_window.shape[1] + 1, by_window.shape[2] + lanes
    grad = aligned((channels, down, 4, across), weight.dtype)
    grad[:] = 0
    for row in range(down):
        _correlate(spread, turned, row, lanes, grad, row)
    return grad.reshape((channels, 2 * down, 2, across))


@compiled
def through_pool(output_grad: Array, origin: Array, lanes: int) -> Array:
    """The gradient of the block's outputs, (O, PH, 2, PW / 2 * lanes), in window order, 0 where ReLU cut."""
    by_window = aligned(origin.shape, output_grad.dtype)
    for o in range(origin.shape[0]):
        for row in range(origin.shape[1]):
            for column in range(origin.shape[2] // lanes):
                start, half = column * lanes, column // 2 * lanes
                source = output_grad[o, row, column % 2][half : half + lanes]
                place = origin[o, row][start : start + lanes]
                target = by_window[o, row][start : start + lanes]
                for lane in range(lanes):
                    target[lane] = source[lane] if place[lane] != _CUT else 0
    return by_window


@compiled
def _correlate(inputs: Array, kernels: Array, row: int, lanes: int, windows: Array, to: int) -> None:
    """Add to windows[:, to], of (O, rows, 4, across), the outputs of a row of windows, over all channels.

    The upper two outputs first, then the lower two: all four at once would need more pointers than there are
    registers. And every load stands before the first store: the compiler keeps no number across one. Finding
    a row's inputs takes a fifth to a half of one output's arithmetic, hence for all outputs at once.
    """
    for half in range(2):
        for c in range(inputs.shape[0]):
            a0, b0, c0, d0 = _columns(inputs[c, 2 * row + half], lanes)
            a1, b1, c1, d1 = _columns(inputs[c, 2 * row + half + 1], lanes)
            a2, b2, c2, d2 = _columns(inputs[c, 2 * row + half + 2], lanes)
            for o in range(windows.shape[0]):
                left, right, k = windows[o, to, 2 * half], windows[o, to, 2 * half + 1], kernels[o, c]
                k00, k01, k02 = k[0, 0], k[0, 1], k[0, 2]
                k10, k11, k12 = k[1, 0], k[1, 1], k[1, 2]
                k20, k21, k22 = k[2, 0], k[2, 1], k[2, 2]
                for j in range(windows.shape[3]):
                    s0 = left[j] + k00 * a0[j] + k01 * b0[j] + k02 * c0[j]
                    s1 = right[j] + k00 * b0[j] + k01 * c0[j] + k02 * d0[j]
                    s0 += k10 * a1[j] + k11 * b1[j] + k12 * c1[j]
                    s1 += k10 * b1[j] + k11 * c1[j] + k12 * d1[j]
                    s0 += k20 * a2[j] + k21 * b2[j] + k22 * c2[j]
                    s1 += k20 * b2[j] + k21 * c2[j] + k22 * d2[j]
                    left[j], right[j] = s0, s1


@compiled
def _columns(row: Array, lanes: int) -> tuple[Array, Array, Array, Array]:
    """The first, second, third and fourth column of every window in a row (2, W / 2 * lanes).

    Slices rather than `row[0, j + lanes]`: an index that might be negative would keep the loop from
    becoming vector code.
    """
    return row[0], row[1], row[0][lanes:], row[1][lanes:]


@compiled
def _pool(window: Array, lanes: int, outputs: Array, origin: Array) -> None:
    for column in range(window.shape[1] // lanes):
        start, half = column * lanes, column // 2 * lanes
        w0 = window[0][start : start + lanes]
        w1 = window[1][start : start + lanes]
        w2 = window[2][start : start + lanes]
        w3 = window[3][start : start + lanes]
        target = outputs[column % 2][half : half + lanes]
        place = origin[start : start + lanes]
        for lane in range(lanes):
            best, where = w0[lane], 0
            if w1[lane] > best:
                best, where = w1[lane], 1
            if w2[lane] > best:
                best, where = w2[lane], 2
            if w3[lane] > best:
                best, where = w3[lane], 3
            if best <= 0:  # so that NaN stays what it is
                best, where = best * 0, _CUT
            target[lane], place[lane] = best, where


@compiled
def _spread(by_window: Array, origin: Array, lanes: int) -> Array:
    """The gradient of the convolution's outputs in the layout of activations, two zeros all around."""
    outputs, down, across = by_window.shape
    spread = aligned((outputs, 2 * down + 4, 2, across + 2 * lanes), by_window.dtype)
    spread[:] = 0
    for o in range(outputs):
        for row in range(down):
            grad, place = by_window[o, row], origin[o, row]
            for output in range(4):
                target = spread[o, 2 * row + 2 + output // 2, output % 2][lanes:]
                for j in range(across):
                    target[j] = grad[j] if place[j] == output else 0
    return spread
