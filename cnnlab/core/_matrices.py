"""Convolution as a matrix product, two ways: the operation as a matrix, and the windows as a matrix."""

import itertools
import math

import numpy as np

from cnnlab.core import _precision, _windows, checks


def as_matrix(kernel, size, *, stride=1, padding=0, dilation=1, padding_mode="zeros"):
    """The matrix T of a correlation: T @ x.ravel() is correlate(x, kernel, ...).ravel() for every x of that size.

    Parameters
    ----------
    kernel : array-like of 1, 2 or 3 axes
    size : int or one int an axis
        cells of the input
    stride, padding, dilation, padding_mode
        see the head of `cnnlab.core.convolution`; "constant" is refused, since adding a constant is no matrix product

    Returns an array (output cells, input cells) of int64 for whole-number kernels. In one axis with stride 1 it is a
    Toeplitz matrix (constant along each diagonal), with circular padding a circulant one. Its transpose is the
    transposed convolution. Source: Dumoulin & Visin (2016), section 4.1; Goodfellow et al. (2016), section 9.1.

    >>> as_matrix([1, 0, -1], 5)
    array([[ 1,  0, -1,  0,  0],
           [ 0,  1,  0, -1,  0],
           [ 0,  0,  1,  0, -1]])
    """
    kernel = checks.array("kernel", kernel, (1, 2, 3))
    size = checks.per_axis("size", size, kernel.ndim, 1)
    shape = _windows.geometry(size, kernel.shape, stride, padding, dilation)
    _windows.check_padding_mode(padding_mode, shape)
    if padding_mode == "constant":
        checks.refuse("padding_mode", padding_mode, "must be one of zeros, reflect, replicate, circular")
    inputs, outputs = math.prod(size), math.prod(shape.output)
    checks.workspace("size", size, 8 * (outputs * inputs + _windows.cells(shape.padded) + 4 * outputs))

    precision = _precision.of_product(np.ones(1, np.uint8), kernel[None])  # several taps may read one input cell
    number_type = np.int64 if precision.result.kind == "i" else precision.result
    matrix = np.zeros((outputs, inputs), number_type)
    sources = _input_cell_of_each_padded_cell(shape, padding_mode)
    row = np.arange(outputs)
    for tap in itertools.product(*map(range, kernel.shape)):
        column = sources[_windows.tap_slices(shape, tap)].ravel()
        inside = column >= 0
        matrix[row[inside], column[inside]] += kernel[tap]
    return precision.finish(matrix, "kernel")


def _input_cell_of_each_padded_cell(shape, padding_mode):
    """For each cell of the padded input the flat index of the input cell it copies, -1 where it is made up."""
    sources = np.zeros((1,) * len(shape.size), np.int64)
    outside = np.zeros((1,) * len(shape.size), bool)
    for axis, (n, sides) in enumerate(zip(shape.size, shape.padding, strict=True)):
        line = [1] * len(shape.size)
        line[axis] = -1
        along = _windows.padded_sources(n, *sides, padding_mode).reshape(line)
        outside = outside | (along < 0)
        sources = sources * n + along
    return np.where(outside, -1, sources)


def im2col(x, kernel_size, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """Every window as one column, so that a convolution becomes one matrix product: weights @ columns.

    Parameters
    ----------
    x : array-like
        one channel (*spatial), or a batch (N, C, *spatial)
    kernel_size : int, or one int an axis
        an int stands for all axes of one channel; with a batch give one int a spatial axis
    stride, padding, dilation, padding_mode, value
        see the head of `cnnlab.core.convolution`

    Returns (window cells, windows), or (N, C · window cells, windows) as torch.nn.functional.unfold does, in the type
    of `x`. Source: Chellapilla et al. (2006), "High performance convolutional neural networks for document
    processing".

    >>> im2col([1, 2, 3, 4], 3)
    array([[1, 2],
           [2, 3],
           [3, 4]])
    """
    x = checks.array("x", x, (1, 2, 3, 4, 5))
    axes = len(kernel_size) if checks.is_sequence(kernel_size) else min(x.ndim, 3 if x.ndim < 4 else x.ndim - 2)
    if axes not in (1, 2, 3) or x.ndim not in (axes, axes + 2):
        remedy = f"must hold one number for each axis of x (it has {x.ndim}), or two fewer for (N, C, *spatial)"
        checks.refuse("kernel_size", kernel_size, remedy)
    kernel = checks.per_axis("kernel_size", kernel_size, axes, 1)
    shape = _windows.geometry(x.shape[x.ndim - axes :], kernel, stride, padding, dilation, named="kernel_size")
    _windows.check_padding_mode(padding_mode, shape)
    value, fill = _precision.filling(padding_mode, value, x)
    number_type = np.result_type(x, *fill)
    if number_type.kind == "f" and x.dtype.kind == "u" and fill[0].dtype.kind == "i":
        checks.refuse("x.dtype", x.dtype.name, "must be int64 to stand beside a value; uint64 holds more than it can")
    leading = x.shape[: x.ndim - axes]
    needed = _windows.cells((*leading, *shape.padded), (*leading, *shape.output, *kernel)) * number_type.itemsize
    checks.workspace("x.shape", x.shape, needed)

    padded = _windows.pad(x, shape, padding_mode, value, number_type)
    seen = _windows.windows(padded, shape)  # (..., *output, *kernel)
    taps_first = np.moveaxis(seen, range(-axes, 0), range(len(leading), len(leading) + axes))
    return taps_first.reshape(*leading[:1], -1, math.prod(shape.output))
