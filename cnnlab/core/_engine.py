"""The fast path of every convolution: windows as the columns of a matrix, and one matrix product.

The windows of a padded image are a view without a copy. Block by block, so that the columns stay in cache and the
workspace small, they are copied into columns, and the product with the kernels is written straight into the result.
A 1x1 kernel needs no columns at all, and large kernels that see one channel go through `_banded`.
"""

import math

import numpy as np

from cnnlab.core import _banded, _windows, checks

BLOCK_CELLS = 1_000_000  # of one block of columns
THIN_BLOCK_BYTES = 1_200_000  # the same for a few filters: their product is as fast as the columns can be read
FEW_FILTERS = 4
CHUNK_CELLS = 4_000_000  # of the padded images worked on together


def layer(x, weight, shape, padding_mode="zeros", value=0, groups=1):
    """Correlate x (N, C, *size) with weight (M, C / groups, *kernel), in the type of the weight: (N, M, *output)."""
    batch, channels = x.shape[:2]
    filters = weight.shape[0]
    matrix = weight.reshape(groups, filters // groups, -1)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller looks at the result
        if _is_pointwise(shape):
            places = x.astype(weight.dtype, copy=False).reshape(batch, groups, channels // groups, -1)
            return np.matmul(matrix, places).reshape(batch, filters, *shape.output)
        output = np.empty((batch, groups, filters // groups, *shape.output), weight.dtype)
        images = _images_at_a_time(channels, shape)
        banded = _banded.suits(weight, weight.dtype, groups, shape)
        for first in range(0, batch, images):
            chunk = slice(first, first + images)
            padded = _windows.pad(x[chunk], shape, padding_mode, value, weight.dtype)
            if banded:
                kernels = weight.reshape(*matrix.shape[:2], *shape.kernel)
                _banded.fill(padded.reshape(-1, groups, *shape.padded), kernels, shape, output[chunk])
                continue
            windows = _windows.windows(padded, shape)  # (N, C, *output, *kernel)
            windows = windows.reshape(-1, groups, channels // groups, *windows.shape[2:])
            _multiply(matrix, windows, shape, output[chunk])
        return output.reshape(batch, filters, *shape.output)


def check_memory(x, weight, shape, precision, padding_mode="zeros"):
    """Refuse a call before it allocates; x is (N, C, *size), weight (M, C / groups, *kernel)."""
    batch, channels, filters = *x.shape[:2], weight.shape[0]
    images = min(batch, _images_at_a_time(channels, shape))
    padded = x.size if _is_pointwise(shape) else images * channels * math.prod(shape.padded)
    if padding_mode not in ("zeros", "constant"):
        padded *= 2  # copied axis by axis
    columns = max(BLOCK_CELLS, weight[0].size)
    if _banded.suits(weight, precision.compute, channels // weight.shape[1], shape):
        columns = _banded.workspace(weight, channels // weight.shape[1], shape)
    result = _windows.cells((batch, filters, *shape.output)) * precision.bytes_per_result
    culprit = ("padding", shape.padding) if any(map(any, shape.padding)) else ("x.shape", x.shape)
    checks.workspace(*culprit, result + (padded + columns + weight.size) * precision.compute.itemsize)


def _is_pointwise(shape):
    return max(shape.kernel) == 1 and shape.output == shape.size and not any(map(any, shape.padding))


def _images_at_a_time(channels, shape):
    return max(1, CHUNK_CELLS // (channels * math.prod(shape.padded)))


def _multiply(matrix, windows, shape, output):
    """Fill output (N, groups, M, *output) from matrix (groups, M, K) and windows (N, groups, C, *output, *kernel)."""
    depth, axes = matrix.shape[2], len(shape.size)
    cells = BLOCK_CELLS if matrix.shape[1] > FEW_FILTERS else THIN_BLOCK_BYTES // matrix.itemsize
    taps_first = np.moveaxis(windows, range(-axes, 0), range(3, 3 + axes))  # (N, groups, C, *kernel, *output)
    buffer = np.empty(0, matrix.dtype)
    for images, group, *places in _windows.boxes((*output.shape[:2], *shape.output), max(1, cells // depth)):
        block = taps_first[(images, group, ..., *places)]
        if buffer.size < block.size:
            buffer = np.empty(block.size, matrix.dtype)
        columns = buffer[: block.size].reshape(block.shape)
        columns[...] = block
        columns = columns.reshape(*block.shape[:2], depth, -1)
        # the cells of a box lie side by side in the result, so that this reshape is a view
        result = output[(images, group, ..., *places)].reshape(*block.shape[:2], matrix.shape[1], -1)
        np.matmul(matrix[group], columns, out=result)
