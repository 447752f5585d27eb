"""The whole CNN compiled for the CPU: one call for many steps of training, one to evaluate a split.

At 3 filters a training step is a tenth of a millisecond of arithmetic, and PyTorch's way through its sixty
operations several times that. This computes what model.FashionCnn and its cross-entropy do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fashion_wb.cnn.kernels import adam, conv_pool, dense
from fashion_wb.cnn.kernels.adam import Adam
from fashion_wb.cnn.kernels.jit import Array, aligned, compiled

# Images computed at once: enough for long inner loops, few enough for a core's second-level cache.
LANES = 64
_LANES_STEP = 16  # floats in a vector register: a smaller batch is filled up to a multiple of this
_SIDE = 28
_WORD = 4  # pixels read at once


class Parameters(NamedTuple):
    """The model's parameters, or their gradients, in the order of its `parameters()`; each C-contiguous."""

    conv1: Array
    conv1_bias: Array
    conv2: Array
    conv2_bias: Array
    conv3: Array
    conv3_bias: Array
    dense1: Array
    dense1_bias: Array
    dense2: Array
    dense2_bias: Array
    dense3: Array
    dense3_bias: Array


def as_words(images: Array) -> Array:
    """uint8 images (N, 1, 28, 28) as uint32 (N, 196), four pixels each, the first lowest; no copy."""
    return images.reshape(len(images), -1).view("<u4")


@compiled
def train(
    images: Array,
    labels: Array,
    rows: Array,
    batch_size: int,
    parameters: Parameters,
    gradients: Parameters,
    state: Adam,
    lr: float,
    done: int,
) -> float:
    """Adam's steps over the images `rows`, a batch after the other; their summed cross-entropy.

    Args:
        images, labels, rows: as below.
        parameters, gradients: parts of `state`.
        lr: Adam's.
        done: how many steps were taken before these.
    """
    total = 0.0
    for start in range(0, len(rows), batch_size):
        state.gradient[:] = 0
        batch = rows[start : start + batch_size]
        total += loss_and_gradients(images, labels, batch, parameters, gradients)
        done += 1
        adam.step(state, lr, done)
    return total


@compiled
def loss_and_gradients(
    images: Array, labels: Array, batch: Array, parameters: Parameters, gradients: Parameters
) -> float:
    """Summed cross-entropy over a batch; the gradients of its mean are added to `gradients`.

    Args:
        images: all images, as `as_words` gives them.
        labels: int64, theirs.
        batch: int64, which of them make the batch.
        parameters, gradients: of one dtype, in which all is computed.
    """
    total = 0.0
    for start in range(0, len(batch), LANES):
        chosen = batch[start : start + LANES]
        pixels, lanes = _pixels(images, chosen, parameters.conv1.dtype)
        features, blocks = _convolve(pixels, parameters, lanes)
        hidden1, hidden2, logits = _classify(features, parameters)
        loss, _ = dense.cross_entropy(logits, labels[chosen], len(chosen))
        total += loss
        logits /= len(batch)
        grad = _dense_backward(features, hidden1, hidden2, logits, parameters, gradients)
        _conv_backward(grad, pixels, blocks, lanes, parameters, gradients)
    return total


@compiled
def evaluate(images: Array, labels: Array, rows: Array, parameters: Parameters) -> tuple[float, int]:
    """Summed cross-entropy and number of right answers over the images `rows`; arguments as above."""
    total, right = 0.0, 0
    for start in range(0, len(rows), LANES):
        chosen = rows[start : start + LANES]
        pixels, lanes = _pixels(images, chosen, parameters.conv1.dtype)
        features, _ = _convolve(pixels, parameters, lanes)
        _, _, logits = _classify(features, parameters)
        loss, correct = dense.cross_entropy(logits, labels[chosen], len(chosen))
        total += loss
        right += correct
    return total, right


@compiled
def _pixels(images, chosen, dtype):
    """Images in [0, 1] with a border of one zero, as convpool takes them, and how many lanes they fill.

    Lanes without an image of their own repeat the last one.
    """
    lanes = (len(chosen) + _LANES_STEP - 1) // _LANES_STEP * _LANES_STEP
    rows = chosen[np.minimum(np.arange(lanes), len(chosen) - 1)]
    words = np.empty(lanes, np.int32)
    scale = dtype.type(1 / 255)
    pixels = aligned((1, _SIDE + 2, 2, (_SIDE + 2) // 2 * lanes), dtype)
    pixels[:] = 0
    for word in range(images.shape[1]):
        for lane in range(lanes):
            words[lane] = images[rows[lane], word]
        for k in range(_WORD):
            row, column = divmod(word * _WORD + k, _SIDE)
            target = pixels[0, row + 1, (column + 1) % 2][(column + 1) // 2 * lanes :]
            for lane in range(lanes):
                target[lane] = np.int32((words[lane] >> (8 * k)) & 255) * scale
    return pixels, lanes


@compiled
def _convolve(pixels, parameters, lanes):
    """Features (filters, lanes), and what the blocks' backward pass needs: each one's outputs and origin."""
    one, origin1 = conv_pool.forward(pixels, parameters.conv1, parameters.conv1_bias, lanes)
    two, origin2 = conv_pool.forward(one, parameters.conv2, parameters.conv2_bias, lanes)
    three, origin3 = conv_pool.forward(two, parameters.conv3, parameters.conv3_bias, lanes)
    features = (three[:, 0, 0] + three[:, 0, 1] + three[:, 1, 0] + three[:, 1, 1]) / 4
    return features, (one, origin1, two, origin2, origin3)


@compiled
def _classify(features, parameters):
    hidden1 = dense.forward(parameters.dense1, parameters.dense1_bias, features, True)
    hidden2 = dense.forward(parameters.dense2, parameters.dense2_bias, hidden1, True)
    return hidden1, hidden2, dense.forward(parameters.dense3, parameters.dense3_bias, hidden2, False)


@compiled
def _dense_backward(features, hidden1, hidden2, grad, parameters, gradients):
    """Add the dense layers' gradients; returns that of the features."""
    dense.backward_weight(hidden2, grad, gradients.dense3, gradients.dense3_bias)
    grad = dense.backward_inputs(parameters.dense3, grad)
    dense.cut(grad, hidden2)
    dense.backward_weight(hidden1, grad, gradients.dense2, gradients.dense2_bias)
    grad = dense.backward_inputs(parameters.dense2, grad)
    dense.cut(grad, hidden1)
    dense.backward_weight(features, grad, gradients.dense1, gradients.dense1_bias)
    return dense.backward_inputs(parameters.dense1, grad)


@compiled
def _conv_backward(features_grad, pixels, blocks, lanes, parameters, gradients):
    one, origin1, two, origin2, origin3 = blocks
    grad = np.empty((features_grad.shape[0], 2, 2, lanes), features_grad.dtype)
    for channel in range(grad.shape[0]):
        grad[channel] = features_grad[channel] / 4
    grad = conv_pool.through_pool(grad, origin3, lanes)
    conv_pool.backward_weight(two, grad, origin3, lanes, gradients.conv3, gradients.conv3_bias)
    grad = conv_pool.through_pool(
        conv_pool.backward_inputs(parameters.conv3, grad, origin3, lanes), origin2, lanes
    )
    conv_pool.backward_weight(one, grad, origin2, lanes, gradients.conv2, gradients.conv2_bias)
    grad = conv_pool.through_pool(
        conv_pool.backward_inputs(parameters.conv2, grad, origin2, lanes), origin1, lanes
    )
    conv_pool.backward_weight(pixels, grad, origin1, lanes, gradients.conv1, gradients.conv1_bias)
