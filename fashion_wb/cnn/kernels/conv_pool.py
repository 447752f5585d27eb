"""One block of the CNN, compiled for the CPU: 3x3 convolution, 2x2 max-pool and ReLU, forward and backward.

PyTorch's kernels use a few per cent of a core's peak at 2 to 16 channels. These kernels store the images of a
batch next to each other, so every operation runs on long vectors, whatever the number of channels. They never
store the full output of the convolution, because the pool drops three quarters of it.

Layout of activations: (channels, height, 2, width / 2 * lanes). The even columns of a row come first, then
the odd ones. A column is `lanes` numbers, one per image. For every pool window (2x2 outputs) and image,
the inputs it needs from a row are then at the same offsets, so one inner loop covers all of them.

Window order: (channels, windows down, windows across * lanes). `argmax` gives the largest of the four outputs
of a window (numbered 0 1 over 2 3), or 4 where ReLU set the output to zero.
"""

from __future__ import annotations

import numpy as np

from fashion_wb.cnn.kernels.jit import Array, aligned, compiled

_RELU_ZERO = 4


@compiled
def forward(inputs: Array, weight: Array, bias: Array, lanes: int) -> tuple[Array, Array]:
    """Compute relu(max_pool2d(conv2d(inputs, weight, bias), 2)), without padding.

    Args:
        inputs: (C, H, 2, W / 2 * lanes), H and W even.
        weight: (O, C, 3, 3).
        bias: (O,).
        lanes: images in the batch.

    Returns:
        The outputs, (O, (H - 2) / 2, 2, (W - 2) / 4 * lanes), and `argmax`, uint8 in window order.
        (W - 2) / 2 must be even.
    """
    channels, down, across = weight.shape[0], inputs.shape[1] // 2 - 1, inputs.shape[3] - lanes
    outputs = aligned((channels, down, 2, across // 2), inputs.dtype)
    argmax = np.empty((channels, down, across), np.uint8)
    windows = aligned((channels, 1, 4, across), inputs.dtype)
    for row in range(down):
        for channel in range(channels):
            windows[channel] = bias[channel]
        _correlate(inputs, weight, row, lanes, windows, 0)
        for channel in range(channels):
            _pool(windows[channel, 0], lanes, outputs[channel, row], argmax[channel, row])
    return outputs, argmax


@compiled
def backward_weight(
    inputs: Array, window_grad: Array, argmax: Array, lanes: int, weight_grad: Array, bias_grad: Array
) -> None:
    """Add a batch's gradient to `weight_grad` and `bias_grad`; `window_grad` comes from `pool_backward`."""
    zero = window_grad.dtype.type(0)
    for o in range(weight_grad.shape[0]):
        bias_grad[o] += window_grad[o].sum()
        for c in range(weight_grad.shape[1]):
            k00 = k01 = k02 = k10 = k11 = k12 = k20 = k21 = k22 = zero
            for row in range(window_grad.shape[1]):
                grad, largest = window_grad[o, row], argmax[o, row]
                a0, b0, c0, d0 = _columns(inputs[c, 2 * row], lanes)
                a1, b1, c1, d1 = _columns(inputs[c, 2 * row + 1], lanes)
                a2, b2, c2, d2 = _columns(inputs[c, 2 * row + 2], lanes)
                a3, b3, c3, d3 = _columns(inputs[c, 2 * row + 3], lanes)
                for j in range(grad.shape[0]):
                    g0 = grad[j] if largest[j] == 0 else zero
                    g1 = grad[j] if largest[j] == 1 else zero
                    g2 = grad[j] if largest[j] == 2 else zero
                    g3 = grad[j] if largest[j] == 3 else zero
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
def backward_inputs(weight: Array, window_grad: Array, argmax: Array, lanes: int) -> Array:
    """Return the gradient of the block's inputs; `window_grad` comes from `pool_backward`.

    This is the gradient of the convolution's outputs, padded by two zeros, correlated with the kernels
    rotated by 180 degrees.
    """
    outputs, channels = weight.shape[:2]
    rotated = np.empty((channels, outputs, 3, 3), weight.dtype)
    for c in range(channels):
        rotated[c] = weight[:, c, ::-1, ::-1]
    conv_grad = _unpool(window_grad, argmax, lanes)
    down, across = window_grad.shape[1] + 1, window_grad.shape[2] + lanes
    grad = aligned((channels, down, 4, across), weight.dtype)
    grad[:] = 0
    for row in range(down):
        _correlate(conv_grad, rotated, row, lanes, grad, row)
    return grad.reshape((channels, 2 * down, 2, across))


@compiled
def pool_backward(output_grad: Array, argmax: Array, lanes: int) -> Array:
    """Put the gradient of the block's outputs into window order, with 0 where ReLU set the output to zero.

    Args:
        output_grad: (O, PH, 2, PW / 2 * lanes).
        argmax: as `forward` returns it.
        lanes: images in the batch.
    """
    window_grad = aligned(argmax.shape, output_grad.dtype)
    for o in range(argmax.shape[0]):
        for row in range(argmax.shape[1]):
            for column in range(argmax.shape[2] // lanes):
                start, half = column * lanes, column // 2 * lanes
                source = output_grad[o, row, column % 2][half : half + lanes]
                largest = argmax[o, row][start : start + lanes]
                target = window_grad[o, row][start : start + lanes]
                for lane in range(lanes):
                    target[lane] = source[lane] if largest[lane] != _RELU_ZERO else 0
    return window_grad


@compiled
def _correlate(inputs: Array, kernels: Array, row: int, lanes: int, windows: Array, slot: int) -> None:
    """Add the convolution's outputs for one row of windows, over all channels, to windows[:, slot].

    `windows` is (O, rows, 4, across). The loop computes the upper two outputs of each window first, then the
    lower two: all four at once need more pointers than there are registers. All loads come before the first
    store, because the compiler reloads everything after a store. The row's inputs are found once for all
    output channels, because finding them costs a fifth to a half of the arithmetic for one channel.
    """
    for half in range(2):
        for c in range(inputs.shape[0]):
            a0, b0, c0, d0 = _columns(inputs[c, 2 * row + half], lanes)
            a1, b1, c1, d1 = _columns(inputs[c, 2 * row + half + 1], lanes)
            a2, b2, c2, d2 = _columns(inputs[c, 2 * row + half + 2], lanes)
            for o in range(windows.shape[0]):
                left, right, k = windows[o, slot, 2 * half], windows[o, slot, 2 * half + 1], kernels[o, c]
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
    """Return the first, second, third and fourth column of every window in a row (2, W / 2 * lanes).

    These are slices, because with `row[0, j + lanes]` the index might be negative and the compiler would not
    vectorise the loop.
    """
    return row[0], row[1], row[0][lanes:], row[1][lanes:]


@compiled
def _pool(window: Array, lanes: int, outputs: Array, argmax: Array) -> None:
    for column in range(window.shape[1] // lanes):
        start, half = column * lanes, column // 2 * lanes
        w0 = window[0][start : start + lanes]
        w1 = window[1][start : start + lanes]
        w2 = window[2][start : start + lanes]
        w3 = window[3][start : start + lanes]
        target = outputs[column % 2][half : half + lanes]
        largest = argmax[start : start + lanes]
        for lane in range(lanes):
            best, index = w0[lane], 0
            if w1[lane] > best:
                best, index = w1[lane], 1
            if w2[lane] > best:
                best, index = w2[lane], 2
            if w3[lane] > best:
                best, index = w3[lane], 3
            if best <= 0:  # false for NaN, so NaN passes through
                best, index = best * 0, _RELU_ZERO
            target[lane], largest[lane] = best, index


@compiled
def _unpool(window_grad: Array, argmax: Array, lanes: int) -> Array:
    """Return the gradient of the convolution's outputs in the activation layout, padded by two zeros."""
    outputs, down, across = window_grad.shape
    conv_grad = aligned((outputs, 2 * down + 4, 2, across + 2 * lanes), window_grad.dtype)
    conv_grad[:] = 0
    for o in range(outputs):
        for row in range(down):
            grad, largest = window_grad[o, row], argmax[o, row]
            for output in range(4):
                target = conv_grad[o, 2 * row + 2 + output // 2, output % 2][lanes:]
                for j in range(across):
                    target[j] = grad[j] if largest[j] == output else 0
    return conv_grad
