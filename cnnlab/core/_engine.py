"""The fast path of every convolution: views of the windows and one matrix product, in blocks that stay in cache."""

import numpy as np

from cnnlab.core import _windows, checks

BUFFER_BYTES = 8_000_000  # workspace beside input and output


def layer(padded, weight, shape, groups=1):
    """Correlate (N, C, *padded) with (M, C / groups, *kernel): the result is (N, M, *output), of the same type."""
    batch, channels = padded.shape[:2]
    filters = weight.shape[0]
    output = np.empty((batch, filters, *shape.output), padded.dtype)
    seen = _windows.windows(padded, shape).reshape(batch, groups, channels // groups, *shape.output, *shape.kernel)
    grouped = weight.reshape(groups, filters // groups, *weight.shape[1:])
    axes = len(shape.size)
    spatial = list(range(1 + axes, 1 + 2 * axes))
    for n in range(batch):
        for g in range(groups):
            part = np.tensordot(grouped[g], seen[n, g], ([*range(1, 2 + axes)], [0, *spatial]))
            output[n, g * filters // groups : (g + 1) * filters // groups] = part
    return output


def check_memory(x, shape, precision, weight=None):
    """Refuse before allocating; names the argument that makes the call large."""
    batch, filters = (1, 1) if weight is None else (x.shape[0], weight.shape[0])
    leading = x.shape[: x.ndim - len(shape.size)]
    padded = _windows.cells((*leading, *shape.padded)) * precision.compute.itemsize
    output = _windows.cells((batch, filters, *shape.output)) * precision.bytes_per_result
    culprit = ("padding", shape.padding) if any(map(any, shape.padding)) else ("x.shape", x.shape)
    checks.workspace(*culprit, padded + output + BUFFER_BYTES)
