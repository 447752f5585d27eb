"""Dense layers and cross-entropy, compiled for the CPU.

Activations are (features, lanes): the images of a batch are next to each other, as in `conv_pool`. At widths
of 10 to 128 and a batch of 64 a layer takes microseconds. Calls into PyTorch would take several times that.
"""

from __future__ import annotations

import numpy as np

from fashion_wb.cnn.kernels.jit import Array, aligned, compiled


@compiled
def forward(weight: Array, bias: Array, inputs: Array, relu: bool) -> Array:
    """Compute weight @ inputs + bias, then ReLU if `relu`.

    Args:
        weight: (out, in).
        bias: (out,).
        inputs: (in, lanes).
        relu: whether to apply ReLU.
    """
    outputs = _product(weight, inputs)
    for o in range(outputs.shape[0]):
        row = outputs[o]
        for lane in range(row.shape[0]):
            value = row[lane] + bias[o]
            row[lane] = 0 if relu and value <= 0 else value  # NaN passes through
    return outputs


@compiled
def backward_weight(inputs: Array, grad: Array, weight_grad: Array, bias_grad: Array) -> None:
    """Add to `weight_grad` and `bias_grad`; `grad` (out, lanes) is that of the outputs before ReLU."""
    unrolled = inputs.shape[0] // 4 * 4
    for o in range(grad.shape[0]):
        row = grad[o]
        bias_grad[o] += row.sum()
        for i in range(0, unrolled, 4):
            x0, x1, x2, x3 = inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]
            s0 = s1 = s2 = s3 = row.dtype.type(0)
            for lane in range(row.shape[0]):
                s0 += row[lane] * x0[lane]
                s1 += row[lane] * x1[lane]
                s2 += row[lane] * x2[lane]
                s3 += row[lane] * x3[lane]
            weight_grad[o, i] += s0
            weight_grad[o, i + 1] += s1
            weight_grad[o, i + 2] += s2
            weight_grad[o, i + 3] += s3
        for i in range(unrolled, inputs.shape[0]):
            s0 = row.dtype.type(0)
            for lane in range(row.shape[0]):
                s0 += row[lane] * inputs[i, lane]
            weight_grad[o, i] += s0


@compiled
def backward_inputs(weight: Array, grad: Array) -> Array:
    """Return the gradient of the inputs, (in, lanes)."""
    return _product(weight.T, grad)


@compiled
def _product(weight: Array, inputs: Array) -> Array:
    """Compute weight (rows, n) @ inputs (n, lanes).

    Four inputs at a time, because each pass over the inputs loads and stores a whole output row.
    """
    result = aligned((weight.shape[0], inputs.shape[1]), inputs.dtype)
    unrolled = weight.shape[1] // 4 * 4
    for o in range(result.shape[0]):
        row = result[o]
        row[:] = 0
        for i in range(0, unrolled, 4):
            f0, f1, f2, f3 = weight[o, i], weight[o, i + 1], weight[o, i + 2], weight[o, i + 3]
            x0, x1, x2, x3 = inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]
            for lane in range(row.shape[0]):
                row[lane] += f0 * x0[lane] + f1 * x1[lane] + f2 * x2[lane] + f3 * x3[lane]
        for i in range(unrolled, weight.shape[1]):
            f0, x0 = weight[o, i], inputs[i]
            for lane in range(row.shape[0]):
                row[lane] += f0 * x0[lane]
    return result


@compiled
def relu_backward(grad: Array, outputs: Array) -> None:
    """Turn the gradient of ReLU's outputs into the gradient of its inputs, in place."""
    for o in range(grad.shape[0]):
        for lane in range(grad.shape[1]):
            grad[o, lane] = grad[o, lane] if outputs[o, lane] > 0 else 0


@compiled
def cross_entropy(logits: Array, labels: Array, count: int) -> tuple[float, int]:
    """Return the summed loss and the number of correct predictions over the first `count` images.

    Args:
        logits: (classes, lanes); overwritten with the gradient of the summed loss, 0 from image `count` on.
        labels: int64, at least `count` of them.
        count: images to include.
    """
    loss, correct = 0.0, 0
    for lane in range(logits.shape[1]):
        if lane >= count:
            logits[:, lane] = 0
            continue
        column = logits[:, lane]
        label, top = labels[lane], 0
        for k in range(1, column.shape[0]):
            if column[k] > column[top]:
                top = k
        correct += top == label
        loss -= column[label] - column[top]
        high, total = column[top], column.dtype.type(0)
        for k in range(column.shape[0]):
            column[k] = np.exp(column[k] - high)
            total += column[k]
        loss += np.log(total)
        for k in range(column.shape[0]):
            column[k] /= total
        column[label] -= 1
    return loss, correct
