"""Correlation and convolution: one channel window by window, and whole layers.

Deep learning says "convolution" for what mathematics calls correlation: `correlate` lays the kernel on the input as
it is; `convolve` turns it by 180 degrees first. Both, and `conv_layer`, share these arguments:

stride, dilation : int, or one int an axis; 1 or more
padding : how many cells to add around the input
    an int for every side, one int an axis, or one pair (before, after) an axis, as ((1, 2), (0, 0)); or
    "valid" (none), "same" (the output has ceil(n / stride) cells, an odd total puts the extra cell at the end;
    with a stride above 1 that is TensorFlow's rule, and PyTorch refuses it), "full" (every overlap counts)
padding_mode : what the added cells hold
    "zeros"; "constant" (the number `value`); "replicate" (the nearest input cell); "reflect" (the mirror image
    without the edge cell; padding must be less than the axis); "circular" (the other end; padding at most the axis)

Number types: whole numbers of any type give exact int64 (a sum that could pass 64 bits is refused); float32 stays
float32, float16 is computed in float32 and rounded once; a mixture gives NumPy's result type. Every function raises
ValueError("<parameter>=<value>: <what would do>") for bad input, for a kernel that spans more than the padded input,
and before it would need more than 256 MB.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnnlab.core import _engine, _precision, _windows, checks

__all__ = ["Step", "conv_layer", "convolve", "correlate", "correlate_by_loops", "flip", "steps"]


def correlate(x, kernel, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """Correlation of one channel with one kernel: y[i, j] = sum over (a, b) of kernel[a, b] · x[i·s + a·d, j·s + b·d].

    Parameters
    ----------
    x, kernel : array-like of 1, 2 or 3 axes, both the same number
    stride, padding, dilation, padding_mode, value
        see the head of this module

    Returns an array with `arithmetic.output_size` cells on every axis.
    Source: EE541, unit 8; van der Maaten, conv nets part 2.

    >>> edge = [[10, 10, 10, 0, 0, 0]] * 6
    >>> correlate(edge, [[1, 0, -1]] * 3)
    array([[ 0, 30, 30,  0],
           [ 0, 30, 30,  0],
           [ 0, 30, 30,  0],
           [ 0, 30, 30,  0]])
    """
    x, kernel, shape, value, precision = _one_channel(x, kernel, stride, padding, dilation, padding_mode, value)
    _check_memory(x, shape, precision)
    padded = _windows.pad(x, shape, padding_mode, value, precision.compute)
    weight = kernel.astype(precision.compute, copy=False)
    return precision.finish(_engine.layer(padded[None, None], weight[None, None], shape)[0, 0])


def convolve(x, kernel, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """True convolution: `correlate` with the kernel turned by 180 degrees, and the same padding rules.

    With an even kernel and padding "same" the extra cell is at the end here as well; `scipy.signal.convolve` has it
    at the beginning. Arguments, result and errors as in `correlate`. Source: Padova ML 2024/25, lecture 26.

    >>> convolve([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]], padding=1)
    array([[-13, -20, -17],
           [-18, -24, -18],
           [ 13,  20,  17]])
    """
    return correlate(
        x,
        flip(kernel),
        stride=stride,
        padding=padding,
        dilation=dilation,
        padding_mode=padding_mode,
        value=value,
    )


def flip(kernel):
    """The kernel turned by 180 degrees: reversed on every axis.

    >>> flip([[1, 2], [3, 4]])
    array([[4, 3],
           [2, 1]])
    """
    return np.flip(checks.array("kernel", kernel, (1, 2, 3)))


@dataclass(frozen=True, eq=False)
class Step:
    """One window of a correlation.

    `position` is the output cell, `start` the input cell under the first tap (negative in the padding), `window` the
    values under the kernel, `products` their products with it, `sum` the output value.
    """

    position: tuple[int, ...]
    start: tuple[int, ...]
    window: np.ndarray
    products: np.ndarray
    sum: int | float

    def __str__(self):
        terms = " + ".join(f"({product:g})" if product < 0 else f"{product:g}" for product in self.products.flat)
        return f"output{list(self.position)} = {terms} = {self.sum:g}"


def steps(
    x, kernel, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0, flipped=False
) -> Iterator[Step]:
    """The windows of a correlation one after the other, row by row, each with its products and their sum.

    Arguments and errors as in `correlate`; bad ones are refused at the call, before the first step. With
    `flipped=True` the steps are those of `convolve`.

    >>> first = next(steps([1, 2, 3, 4], [1, 0, -1]))
    >>> first.position, first.window, first.products, first.sum
    ((0,), array([1, 2, 3]), array([ 1,  0, -3]), -2)
    >>> print(first)
    output[0] = 1 + 0 + (-3) = -2
    """
    kernel = flip(kernel) if checks.flag("flipped", flipped) else kernel
    x, kernel, shape, value, precision = _one_channel(x, kernel, stride, padding, dilation, padding_mode, value)
    _check_memory(x, shape, precision)
    number_type = precision.result if precision.result.kind == "i" else precision.compute
    padded = _windows.pad(x, shape, padding_mode, value, number_type)
    return _steps(padded, kernel.astype(number_type), shape)


def _steps(padded, kernel, shape):
    for position in itertools.product(*map(range, shape.output)):
        corner = tuple(place * stride for place, stride in zip(position, shape.stride, strict=True))
        under_kernel = tuple(
            slice(first, first + dilation * (taps - 1) + 1, dilation)
            for first, taps, dilation in zip(corner, shape.kernel, shape.dilation, strict=True)
        )
        window = padded[under_kernel]
        products = window * kernel
        start = tuple(first - before for first, (before, _) in zip(corner, shape.padding, strict=True))
        yield Step(position, start, window.copy(), products, products.sum().item())


def correlate_by_loops(x, kernel, **settings):
    """`correlate` written out as a loop over its windows: slow, easy to read, and what the fast path is held to.

    >>> correlate_by_loops([1, 2, 3, 4], [1, 0, -1], padding=1)
    array([-2, -2, -2,  3])
    """
    every_step = list(steps(x, kernel, **settings))
    output = np.zeros([last + 1 for last in every_step[-1].position], every_step[-1].products.dtype)
    for step in every_step:
        output[step.position] = step.sum
    return output


def conv_layer(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros", value=0):
    """A convolutional layer in PyTorch's layout: every filter spans all input channels of its group.

    Parameters
    ----------
    x : array-like (N, C_in, *spatial) with 1, 2 or 3 spatial axes
    weight : array-like (C_out, C_in / groups, *kernel)
    bias : array-like (C_out,), optional
    groups : int
        splits the channels into that many independent layers; C_in makes the layer depth-wise
    stride, padding, dilation, padding_mode, value
        see the head of this module

    Returns an array (N, C_out, *output), the same as torch.nn.functional.conv1d/2d/3d.
    Source: van der Maaten, conv nets part 2; METU DI504.

    >>> conv_layer(np.ones((1, 3, 5, 5)), np.ones((2, 3, 3, 3)), [0, 1], stride=2)[0, :, 0, 0]
    array([27., 28.])
    """
    x = checks.array("x", x, (3, 4, 5))
    weight = checks.array("weight", weight, x.ndim)
    bias = _checked_bias(bias, weight.shape[0])
    groups = _checked_groups(groups, x.shape[1], *weight.shape[:2])
    shape = _windows.geometry(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    _windows.check_padding_mode(padding_mode, shape)
    value, fill = _filling(padding_mode, value, x)
    precision = _precision.of_product(x, weight, *bias, *fill)
    _check_memory(x, shape, precision, weight)
    padded = _windows.pad(x, shape, padding_mode, value, precision.compute)
    output = _engine.layer(padded, weight.astype(precision.compute, copy=False), shape, groups)
    for offsets in bias:
        output += offsets.astype(precision.compute).reshape(-1, *(1,) * len(shape.size))
    return precision.finish(output)


def _one_channel(x, kernel, stride, padding, dilation, padding_mode, value):
    """Check the arguments of `correlate` and resolve them."""
    x = checks.array("x", x, (1, 2, 3))
    kernel = checks.array("kernel", kernel, x.ndim)
    shape = _windows.geometry(x.shape, kernel.shape, stride, padding, dilation)
    _windows.check_padding_mode(padding_mode, shape)
    value, fill = _filling(padding_mode, value, x)
    return x, kernel, shape, value, _precision.of_product(x, kernel[None], *fill)


def _filling(padding_mode, value, x):
    """(the number that padding writes, [that number as an array] where it takes part in the result)."""
    value = checks.number("value", value)
    if padding_mode != "constant":
        return 0, []
    return value, [np.array(value, x.dtype if x.dtype.kind == "f" else None)]


def _checked_bias(bias, filters):
    if bias is None:
        return []
    bias = checks.array("bias", bias, 1)
    if bias.size != filters:
        checks.refuse("bias.shape", bias.shape, f"must hold one number for each of the {filters} filters")
    return [bias]


def _checked_groups(groups, in_channels, filters, channels_per_filter):
    groups = checks.integer("groups", groups, 1)
    if in_channels % groups or filters % groups:
        checks.refuse("groups", groups, f"must divide both {in_channels} input channels and {filters} filters")
    if channels_per_filter != in_channels // groups:
        remedy = f"must be {in_channels // groups}: {in_channels} input channels in {groups} group(s)"
        checks.refuse("weight.shape[1]", channels_per_filter, remedy)
    return groups


def _check_memory(x, shape, precision, weight=None):
    """Refuse before allocating; names the argument that makes the call large."""
    batch, filters = (1, 1) if weight is None else (x.shape[0], weight.shape[0])
    leading = x.shape[: x.ndim - len(shape.size)]
    padded = _windows.cells((*leading, *shape.padded)) * precision.compute.itemsize
    output = _windows.cells((batch, filters, *shape.output)) * precision.bytes_per_result
    culprit = ("padding", shape.padding) if any(map(any, shape.padding)) else ("x.shape", x.shape)
    checks.workspace(*culprit, padded + output + _engine.BUFFER_BYTES)
