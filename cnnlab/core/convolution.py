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
from cnnlab.core._layers import conv_layer, conv_transpose_layer
from cnnlab.core._matrices import as_matrix, im2col

__all__ = [
    "Step",
    "as_matrix",
    "conv_layer",
    "conv_transpose_layer",
    "convolve",
    "correlate",
    "correlate_by_loops",
    "flip",
    "im2col",
    "steps",
]

MOST_LOOPS = 20_000  # windows that the written-out loop takes


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
    image, weight = x[None, None], kernel[None, None]
    _engine.check_memory(image, weight, shape, precision, padding_mode)
    weight = weight.astype(precision.compute, copy=False)
    return precision.finish(_engine.layer(image, weight, shape, padding_mode, value)[0, 0])


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
    return _steps(*_laid_out(x, kernel, stride, padding, dilation, padding_mode, value))


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


def correlate_by_loops(x, kernel, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """`correlate` written out as a loop over its windows: slow, easy to read, and what the fast path is held to.

    >>> correlate_by_loops([1, 2, 3, 4], [1, 0, -1], padding=1)
    array([-2, -2, -2,  3])
    """
    padded, kernel, shape = _laid_out(x, kernel, stride, padding, dilation, padding_mode, value)
    output = np.empty(shape.output, padded.dtype)
    if output.size > MOST_LOOPS:
        checks.refuse("x.shape", padded.shape, f"has {output.size} windows; the loop takes {MOST_LOOPS}")
    for step in _steps(padded, kernel, shape):
        output[step.position] = step.sum
    return output


def _laid_out(x, kernel, stride, padding, dilation, padding_mode, value):
    """Check the arguments of `steps`; (padded input, kernel, geometry), all numbers of one type."""
    x, kernel, shape, value, precision = _one_channel(x, kernel, stride, padding, dilation, padding_mode, value)
    _engine.check_memory(x[None, None], kernel[None, None], shape, precision, padding_mode)
    number_type = precision.result if precision.result.kind == "i" else precision.compute
    padded = _windows.pad(x, shape, padding_mode, value, number_type)
    return padded, kernel.astype(number_type), shape


def _one_channel(x, kernel, stride, padding, dilation, padding_mode, value):
    """Check the arguments of `correlate` and resolve them."""
    x = checks.array("x", x, (1, 2, 3))
    kernel = checks.array("kernel", kernel, x.ndim)
    shape = _windows.geometry(x.shape, kernel.shape, stride, padding, dilation)
    _windows.check_padding_mode(padding_mode, shape)
    value, fill = _precision.filling(padding_mode, value, x)
    return x, kernel, shape, value, _precision.of_product(x, kernel[None], fill=fill)
