"""Gradients of a one-channel correlation, cell by cell: what feeds one input cell's gradient, or one weight's."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from cnnlab.core import _precision, _windows, checks
from cnnlab.core._conv_backward import check_gradient

BYTES_A_TERM = 1000  # one small object


@dataclass(frozen=True)
class InputTerm:
    """One output cell that the input cell took part in: gradient there times the weight that the cell met.

    `input` is where the weight met it: the cell itself, or the cell of the padding (negative, or past the end) that
    holds a copy of it.
    """

    output: tuple[int, ...]
    kernel: tuple[int, ...]
    input: tuple[int, ...]
    weight: float
    gradient: float
    product: float


@dataclass(frozen=True, eq=False)
class InputExplanation:
    """How one input cell's gradient comes about.

    `terms` are the output cells that feed it, in reading order, and `total` the sum of their products. The same as one
    window of a correlation: `reflected_kernel` is the kernel turned by 180 degrees, `window` what lies under it in the
    output's gradient (0 outside, and where a stride skipped a cell), and the sum of their products is `total` too.
    Where the padding holds copies of the cell, each copy has such a window, and `window` is their sum.
    """

    position: tuple[int, ...]
    terms: tuple[InputTerm, ...]
    total: float
    reflected_kernel: np.ndarray
    window: np.ndarray

    def __str__(self):
        sum_of = " + ".join(f"({term.weight:g})·({term.gradient:g})" for term in self.terms) or "0 (no window reads it)"
        return f"dL/dx{list(self.position)} = {sum_of} = {self.total:g}"


@dataclass(frozen=True)
class WeightTerm:
    """One window: the input value that the weight met there times the gradient of its output.

    `input` lies outside x (negative, or past the end) where the weight met padding; `value` is what the padding holds.
    """

    output: tuple[int, ...]
    input: tuple[int, ...]
    value: float
    gradient: float
    product: float


@dataclass(frozen=True)
class WeightExplanation:
    """How one weight's gradient comes about: one term a window, in reading order, and their sum."""

    position: tuple[int, ...]
    terms: tuple[WeightTerm, ...]
    total: float

    def __str__(self):
        sum_of = " + ".join(f"({term.value:g})·({term.gradient:g})" for term in self.terms)
        return f"dL/dw{list(self.position)} = {sum_of} = {self.total:g}"


def explain_input(grad, x, kernel, position, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """Which output cells feed one input cell's gradient, and through which weights.

    grad: the loss's gradient by the output of `correlate(x, kernel, ...)`; position: the input cell, one index an axis.
    Output o meets cell i through weight k where o * stride + k * dilation - padding = i on every axis. Where the
    padding copies the cell (reflect, replicate, circular), what reaches the copies belongs to it as well. Returns an
    `InputExplanation`; its total is `correlate_backward(...)[0][position]`. Source: EE541, unit 8.

    >>> print(explain_input([1, 10], [1, 2, 3, 4], [5, 6, 7], 1))
    dL/dx[1] = (6)·(1) + (5)·(10) = 56
    """
    grad, x, kernel, shape = _arguments(grad, x, kernel, stride, padding, dilation, padding_mode, value)
    cell = _position(position, x.shape, "cell of x")
    sources = _sources(shape, padding_mode)
    copies = [np.flatnonzero(source == index) for source, index in zip(sources, cell, strict=True)]
    met = math.prod(map(len, copies)) * kernel.size
    checks.workspace("padding", shape.padding, BYTES_A_TERM * met)
    terms, window = [], np.zeros(kernel.shape)
    for padded_cell in itertools.product(*(places.tolist() for places in copies)):
        for tap in itertools.product(*map(range, kernel.shape)):
            output = _output_met(padded_cell, tap, shape)
            if output is not None:
                weight, gradient = kernel[tap].item(), grad[output].item()
                terms.append(InputTerm(output, tap, _unpadded(padded_cell, shape), weight, gradient, weight * gradient))
                window[tuple(taps - 1 - index for taps, index in zip(kernel.shape, tap, strict=True))] += gradient
    terms.sort(key=lambda term: (term.output, term.kernel))
    total = sum(term.product for term in terms)
    return InputExplanation(cell, tuple(terms), total, np.flip(kernel), window)


def explain_weight(grad, x, kernel, position, *, stride=1, padding=0, dilation=1, padding_mode="zeros", value=0):
    """Which input values and output gradients make one weight's gradient.

    Arguments as for `explain_input`, position: the weight, one index an axis. Weight k meets input cell
    o * stride + k * dilation - padding in the window of output o. Returns a `WeightExplanation`; its total is
    `correlate_backward(...)[1][position]`. Source: EE541, unit 8.

    >>> print(explain_weight([1, 10], [1, 2, 3, 4], [5, 6, 7], 1))
    dL/dw[1] = (2)·(1) + (3)·(10) = 32
    """
    grad, x, kernel, shape = _arguments(grad, x, kernel, stride, padding, dilation, padding_mode, value)
    tap = _position(position, kernel.shape, "cell of the kernel")
    sources = _sources(shape, padding_mode)
    beyond = value if padding_mode == "constant" else 0
    terms = []
    for output in itertools.product(*map(range, shape.output)):
        padded_cell = _cell_met(output, tap, shape)
        copied = tuple(int(source[index]) for source, index in zip(sources, padded_cell, strict=True))
        met = x[copied].item() if min(copied) >= 0 else beyond
        gradient = grad[output].item()
        terms.append(WeightTerm(output, _unpadded(padded_cell, shape), met, gradient, met * gradient))
    return WeightExplanation(tap, tuple(terms), sum(term.product for term in terms))


def _arguments(grad, x, kernel, stride, padding, dilation, padding_mode, value):
    x = checks.array("x", x, (1, 2, 3))
    kernel, grad = checks.array("kernel", kernel, x.ndim), checks.array("grad", grad, x.ndim)
    shape = _windows.geometry(x.shape, kernel.shape, stride, padding, dilation)
    _windows.check_padding_mode(padding_mode, shape)
    _precision.filling(padding_mode, value, x)
    check_gradient(grad, shape.output)
    checks.workspace("x.shape", x.shape, BYTES_A_TERM * (grad.size + kernel.size) + 8 * sum(shape.padded))
    return grad, x, kernel, shape


def _sources(shape, padding_mode):
    """For each axis of the padded input which cell of the input each of its cells copies; -1: none."""
    return [
        _windows.padded_sources(n, *sides, padding_mode) for n, sides in zip(shape.size, shape.padding, strict=True)
    ]


def _position(position, size, what):
    position = checks.per_axis("position", position, len(size), 0)
    if any(index >= n for index, n in zip(position, size, strict=True)):
        checks.refuse("position", position, f"must be a {what}, below {size}")
    return position


def _unpadded(padded_cell, shape):
    """A cell of the padded input, counted as the cells of the input are: negative before its first."""
    return tuple(index - before for index, (before, _) in zip(padded_cell, shape.padding, strict=True))


def _cell_met(output, tap, shape):
    """The cell of the padded input that a weight meets in the window of an output."""
    axes = zip(output, shape.stride, tap, shape.dilation, strict=True)
    return tuple(place * stride + index * dilation for place, stride, index, dilation in axes)


def _output_met(padded_cell, tap, shape):
    """The output in whose window a weight meets a cell of the padded input, or None."""
    output = []
    for axis, (index, weight_index) in enumerate(zip(padded_cell, tap, strict=True)):
        place, rest = divmod(index - weight_index * shape.dilation[axis], shape.stride[axis])
        if rest or not 0 <= place < shape.output[axis]:
            return None
        output.append(place)
    return tuple(output)
