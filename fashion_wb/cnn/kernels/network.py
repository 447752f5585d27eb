"""The whole CNN compiled for the CPU: one call runs many training steps, another evaluates a split.

At 3 filters the arithmetic of a training step takes a tenth of a millisecond, and PyTorch's overhead for its
sixty operations several times that. This computes the same as model.FashionCnn with cross-entropy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fashion_wb.cnn.kernels import adam, conv_pool, dense
from fashion_wb.cnn.kernels.adam import Adam
from fashion_wb.cnn.kernels.jit import Array, aligned, compiled

# Images per pass: enough for long inner loops, few enough for a core's second-level cache.
LANES = 64
_LANES_STEP = 16  # floats in a vector register; a smaller batch is padded to a multiple of this
_SIDE = 28  # pixels
_WORD = 4  # pixels read at once


# Outputs and argmax of block 1, outputs and argmax of block 2, argmax of block 3.
Blocks = tuple[Array, Array, Array, Array, Array]


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
    """View uint8 images (N, 1, 28, 28) as uint32 (N, 196): four pixels per word, the first lowest."""
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
    steps_taken: int,
) -> float:
    """Take one Adam step per batch of the images `rows`, and return the summed cross-entropy.

    Args:
        images, labels: as in `loss_and_gradients`.
        rows: int64, indices of the images to train on, in order.
        batch_size: images per step; the last batch may be smaller.
        parameters, gradients: views into `state`.
        state: Adam's.
        lr: Adam's learning rate.
        steps_taken: number of steps before this call.
    """
    total = 0.0
    for start in range(0, len(rows), batch_size):
        state.gradient[:] = 0
        batch = rows[start : start + batch_size]
        total += loss_and_gradients(images, labels, batch, parameters, gradients)
        steps_taken += 1
        adam.step(state, lr, steps_taken)
    return total


@compiled
def loss_and_gradients(
    images: Array, labels: Array, batch: Array, parameters: Parameters, gradients: Parameters
) -> float:
    """Return the summed cross-entropy over a batch, and add the gradients of its mean to `gradients`.

    Args:
        images: all images, as `as_words` returns them.
        labels: int64, one per image.
        batch: int64, indices of the batch's images.
        parameters, gradients: all of one dtype, which all computations use.
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
    """Return the summed cross-entropy and the number of correct predictions over the images `rows`."""
    total_loss, total_correct = 0.0, 0
    for start in range(0, len(rows), LANES):
        chosen = rows[start : start + LANES]
        pixels, lanes = _pixels(images, chosen, parameters.conv1.dtype)
        features, _ = _convolve(pixels, parameters, lanes)
        _, _, logits = _classify(features, parameters)
        loss, correct = dense.cross_entropy(logits, labels[chosen], len(chosen))
        total_loss += loss
        total_correct += correct
    return total_loss, total_correct


@compiled
def _pixels(images: Array, chosen: Array, dtype: np.dtype[Any]) -> tuple[Array, int]:
    """Return the chosen images in `conv_pool`'s layout, and their number of lanes.

    Pixels are in [0, 1], with a border of one zero. Lanes beyond the last image repeat it.
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
def _convolve(pixels: Array, parameters: Parameters, lanes: int) -> tuple[Array, Blocks]:
    """Return the features (filters, lanes), and what the backward pass through the blocks needs."""
    block1, argmax1 = conv_pool.forward(pixels, parameters.conv1, parameters.conv1_bias, lanes)
    block2, argmax2 = conv_pool.forward(block1, parameters.conv2, parameters.conv2_bias, lanes)
    block3, argmax3 = conv_pool.forward(block2, parameters.conv3, parameters.conv3_bias, lanes)
    features = (block3[:, 0, 0] + block3[:, 0, 1] + block3[:, 1, 0] + block3[:, 1, 1]) / 4
    return features, (block1, argmax1, block2, argmax2, argmax3)


@compiled
def _classify(features: Array, parameters: Parameters) -> tuple[Array, Array, Array]:
    """Return the activations of the three dense layers; the last are the logits."""
    hidden1 = dense.forward(parameters.dense1, parameters.dense1_bias, features, True)
    hidden2 = dense.forward(parameters.dense2, parameters.dense2_bias, hidden1, True)
    return hidden1, hidden2, dense.forward(parameters.dense3, parameters.dense3_bias, hidden2, False)


@compiled
def _dense_backward(
    features: Array,
    hidden1: Array,
    hidden2: Array,
    grad: Array,
    parameters: Parameters,
    gradients: Parameters,
) -> Array:
    """Add the dense layers' gradients, and return the gradient of the features."""
    dense.backward_weight(hidden2, grad, gradients.dense3, gradients.dense3_bias)
    grad = dense.backward_inputs(parameters.dense3, grad)
    dense.relu_backward(grad, hidden2)
    dense.backward_weight(hidden1, grad, gradients.dense2, gradients.dense2_bias)
    grad = dense.backward_inputs(parameters.dense2, grad)
    dense.relu_backward(grad, hidden1)
    dense.backward_weight(features, grad, gradients.dense1, gradients.dense1_bias)
    return dense.backward_inputs(parameters.dense1, grad)


@compiled
def _conv_backward(
    features_grad: Array,
    pixels: Array,
    blocks: Blocks,
    lanes: int,
    parameters: Parameters,
    gradients: Parameters,
) -> None:
    """Add the gradients of the three convolutions."""
    block1, argmax1, block2, argmax2, argmax3 = blocks
    grad = np.empty((features_grad.shape[0], 2, 2, lanes), features_grad.dtype)
    for channel in range(grad.shape[0]):
        grad[channel] = features_grad[channel] / 4
    grad = conv_pool.pool_backward(grad, argmax3, lanes)
    conv_pool.backward_weight(block2, grad, argmax3, lanes, gradients.conv3, gradients.conv3_bias)
    grad = conv_pool.pool_backward(
        conv_pool.backward_inputs(parameters.conv3, grad, argmax3, lanes), argmax2, lanes
    )
    conv_pool.backward_weight(block1, grad, argmax2, lanes, gradients.conv2, gradients.conv2_bias)
    grad = conv_pool.pool_backward(
        conv_pool.backward_inputs(parameters.conv2, grad, argmax2, lanes), argmax1, lanes
    )
    conv_pool.backward_weight(pixels, grad, argmax1, lanes, gradients.conv1, gradients.conv1_bias)
