"""Gradients of convolution: the arguments stand in `cnnlab.core.backprop`."""

import itertools
import math

import numpy as np

from cnnlab.core import _layers, _precision, _windows, checks


def conv_layer_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros", value=0):
    """Gradients of a loss by the input, the weights and the bias of `conv_layer`, given `grad` by its output.

    Parameters
    ----------
    grad : array-like (N, C_out, *output)
        the loss's gradient by the layer's output
    x, weight, and all the rest
        what `conv_layer` was called with: x (N, C_in, *spatial), weight (C_out, C_in / groups, *kernel)

    Returns (dx, dweight, dbias), shaped as x, weight and (C_out,).

    dx: every output cell sends its gradient back through the weights it was made with, which is a transposed
    convolution; with stride 1 the same as the full correlation of `grad` with the kernel turned by 180 degrees. What
    lands in the padding goes to the input cell that the padding copied. dweight: each weight met the input at every
    window, so its gradient is the correlation of the padded input with `grad`, stride and dilation exchanged.
    dbias: the sum of `grad`.
    Number types and errors as in `conv_layer`. Source: EE541, unit 8; Dumoulin & Visin (2016), section 4.

    >>> dx, dweight, dbias = conv_layer_backward([[[1.0, 10.0]]], [[[1.0, 2.0, 3.0, 4.0]]], [[[5.0, 6.0, 7.0]]])
    >>> dx[0, 0], dweight[0, 0], dbias
    (array([ 5., 56., 67., 70.]), array([21., 32., 43.]), array([11.]))
    """
    x = checks.array("x", x, (3, 4, 5))
    weight = checks.array("weight", weight, x.ndim)
    grad = checks.array("grad", grad, x.ndim)
    groups = _layers._checked_groups(groups, x.shape[1], *weight.shape[:2])
    shape = _windows.geometry(x.shape[2:], weight.shape[2:], stride, padding, dilation, named="weight")
    _windows.check_padding_mode(padding_mode, shape)
    value, fill = _precision.filling(padding_mode, value, x)
    check_gradient(grad, (x.shape[0], weight.shape[0], *shape.output))
    padded_cells = math.prod((*x.shape[:2], *shape.padded))
    culprit = ("padding", shape.padding) if any(map(any, shape.padding)) else ("x.shape", x.shape)
    checks.workspace(*culprit, 8 * (4 * padded_cells + 3 * grad.size + 3 * weight.size))

    by_padded_input = _layers.conv_transpose_layer(
        grad, weight, stride=shape.stride, dilation=shape.dilation, groups=groups
    )
    padded = _windows.pad(x, shape, padding_mode, value, np.result_type(x, *fill))
    return (
        folded(by_padded_input, shape, padding_mode),
        _by_weight(grad, padded, shape, groups, weight.shape),
        sums("grad", grad, axes=(0, *range(2, grad.ndim))),
    )


def correlate_backward(grad, x, kernel, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """Gradients of a loss by the input and the kernel of `correlate` (one channel), given `grad` by its output.

    Returns (dx, dkernel), shaped as x and kernel; arguments, number types and errors as in `correlate`.
    Source: EE541, unit 8.

    >>> correlate_backward([1, 10], [1, 2, 3, 4], [5, 6, 7])
    (array([ 5, 56, 67, 70]), array([21, 32, 43]))
    """
    x = checks.array("x", x, (1, 2, 3))
    kernel, grad = checks.array("kernel", kernel, x.ndim), checks.array("grad", grad, x.ndim)
    shape = _windows.geometry(x.shape, kernel.shape, stride, padding, dilation)
    check_gradient(grad, shape.output)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    dx, dkernel, _ = conv_layer_backward(
        grad[None, None], x[None, None], kernel[None, None], padding_mode=padding_mode, value=value, **settings
    )
    return dx[0, 0], dkernel[0, 0]


def _by_weight(grad, padded, shape, groups, filters_shape):
    """For each tap of the kernel the products of what it saw, window by window, with the gradients of the windows."""
    precision = _precision.of_product(padded, grad, taps_axis=1)
    gradients = _channels_first(grad.astype(precision.compute, copy=False), groups)
    inputs = padded.astype(precision.compute, copy=False)
    by_weight = np.empty(filters_shape, precision.compute)
    with np.errstate(over="ignore", invalid="ignore"):
        for tap in itertools.product(*map(range, shape.kernel)):
            seen = _channels_first(_windows.tap_view(inputs, shape, tap), groups)
            by_weight[(..., *tap)] = np.matmul(gradients, seen.swapaxes(1, 2)).reshape(filters_shape[:2])
    return precision.finish(by_weight, "grad")


def _channels_first(values, groups):
    """(N, channels, *spatial) as (groups, channels of a group, N * positions)."""
    return values.swapaxes(0, 1).reshape(groups, values.shape[1] // groups, -1)


def folded(by_padded, shape, mode):
    """The gradient by the padded input as one by the input: every padded cell's share goes to the cell it copies.

    `by_padded` may end early, where the last cells of the padded input are in no window.
    """
    gradient = by_padded
    first = gradient.ndim - len(shape.size)
    for axis, (n, (before, after)) in enumerate(zip(shape.size, shape.padding, strict=True), start=first):
        source = _windows.padded_sources(n, before, after, mode)[: gradient.shape[axis]]
        _check_sum_fits(gradient, np.bincount(source[source >= 0], minlength=1).max())
        cells = np.moveaxis(gradient, axis, 0)
        inside = cells[before : before + n]
        by_input = np.zeros((n, *cells.shape[1:]), gradient.dtype)
        by_input[: len(inside)] = inside
        with np.errstate(over="ignore"):
            for place in (*range(before), *range(before + n, len(cells))):
                if source[place] >= 0:
                    by_input[source[place]] += cells[place]
        gradient = np.moveaxis(by_input, 0, axis)
    if not checks.is_finite(gradient):
        checks.refuse("grad", "array", f"is too large: the gradient passes the range of {gradient.dtype}")
    return np.ascontiguousarray(gradient)


def sums(parameter, values, axes):
    """Sums over some axes: whole numbers exactly in int64, floats in their own type."""
    count = math.prod(values.shape[axis] for axis in axes)
    precision = _precision.of_sum(values, count)
    with np.errstate(over="ignore", invalid="ignore"):
        return precision.finish(values.sum(axis=axes, dtype=precision.compute), parameter)


def check_gradient(grad, shape):
    """Refuse a gradient that has not the shape of the layer's output."""
    if grad.shape != shape:
        checks.refuse("grad.shape", grad.shape, f"must be {shape}, the shape of the layer's output")


def _check_sum_fits(values, terms):
    if values.dtype.kind in "iu" and _precision.largest(values) * int(terms) >= 2**63:
        checks.refuse("grad", "array", "is so large that a sum could pass 64 bits; use float64")
