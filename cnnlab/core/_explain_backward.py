"""Gradients of a one-channel correlation, cell by cell: what feeds one input cell's gradient, or one weight's."""

import itertools
from dataclasses import dataclass

import numpy as np

from cnnlab.core import _windows, checks
from cnnlab.core._conv_backward import check_gradient


@dataclass(frozen=True)
class InputTerm:
    """One output cell that the input cell took part in: gradient there times the weight that the cell met."""

    output: tuple[int, ...]
    kernel: tuple[int, ...]
    weight: float
    gradient: float
    product: float


@dataclass(frozen=True, eq=False)
class InputExplanation:
    """How one input cell's gradient comes about.

    `terms` are the output cells that feed it, in reading order, and `total` the sum of their products. The same as one
    window of a correlation: `reflected_kernel` is the kernel turned by 180 degrees, `window` what lies under it in the
    output's gradient (0 outside, and where a stride skipped a cell), and the sum of their products is `total` too.
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
    """One window: the input value that the weight met there (0 in the padding) times the gradient of its output."""

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


def explain_input(grad, x, kernel, position, *, stride=1, padding=0, dilation=1):
    """Which output cells feed one input cell's gradient, and through which weights.

    grad: the loss's gradient by the output of `correlate(x, kernel, ...)`; position: the input cell, one index an axis.
    Output o meets cell i through weight k where o * stride + k * dilation - padding = i on every axis. Padding holds
    zeros. Returns an `InputExplanation`; its total is `correlate_backward(...)[0][position]`. Source: EE541, unit 8.

    >>> print(explain_input([1, 10], [1, 2, 3, 4], [5, 6, 7], 1))
    dL/dx[1] = (6)·(1) + (5)·(10) = 56
    """
    grad, x, kernel, shape = _arguments(grad, x, kernel, stride, padding, dilation)
    cell = _position(position, x.shape, "cell of x")
    terms, window = [], np.zeros(kernel.shape)
    for tap in itertools.product(*map(range, kernel.shape)):
        output = _output_met(cell, tap, shape)
        if output is not None:
            weight, gradient = kernel[tap].item(), grad[output].item()
            terms.append(InputTerm(output, tap, weight, gradient, weight * gradient))
            window[tuple(taps - 1 - index for taps, index in zip(kernel.shape, tap, strict=True))] = gradient
    terms.sort(key=lambda term: term.output)
    total = sum(term.product for term in terms)
    return InputExplanation(cell, tuple(terms), total, np.flip(kernel), window)


def explain_weight(grad, x, kernel, position, *, stride=1, padding=0, dilation=1):
    """Which input values and output gradients make one weight's gradient.

    Arguments as for `explain_input`, position: the weight, one index an axis. Weight k meets input cell
    o * stride + k * dilation - padding in the window of output o. Returns a `WeightExplanation`; its total is
    `correlate_backward(...)[1][position]`. Source: EE541, unit 8.

    >>> print(explain_weight([1, 10], [1, 2, 3, 4], [5, 6, 7], 1))
    dL/dw[1] = (2)·(1) + (3)·(10) = 32
    """
    grad, x, kernel, shape = _arguments(grad, x, kernel, stride, padding, dilation)
    tap = _position(position, kernel.shape, "cell of the kernel")
    terms = []
    for output in itertools.product(*map(range, shape.output)):
        cell = tuple(_cells_met(output, tap, shape))
        inside = all(0 <= index < n for index, n in zip(cell, x.shape, strict=True))
        value, gradient = x[cell].item() if inside else 0, grad[output].item()
        terms.append(WeightTerm(output, cell, value, gradient, value * gradient))
    return WeightExplanation(tap, tuple(terms), sum(term.product for term in terms))


def _arguments(grad, x, kernel, stride, padding, dilation):
    x = checks.array("x", x, (1, 2, 3))
    kernel, grad = checks.array("kernel", kernel, x.ndim), checks.array("grad", grad, x.ndim)
    shape = _windows.geometry(x.shape, kernel.shape, stride, padding, dilation)
    check_gradient(grad, shape.output)
    checks.workspace("x.shape", x.shape, 1000 * (grad.size + kernel.size))  # one small object a term
    return grad, x, kernel, shape


def _position(position, size, what):
    position = checks.per_axis("position", position, len(size), 0)
    if any(index >= n for index, n in zip(position, size, strict=True)):
        checks.refuse("position", position, f"must be a {what}, below {size}")
    return position


def _cells_met(output, tap, shape):
    """The input cell, one index an axis, that a weight meets in the window of an output."""
    for axis, (place, index) in enumerate(zip(output, tap, strict=True)):
        yield place * shape.stride[axis] + index * shape.dilation[axis] - shape.padding[axis][0]


def _output_met(cell, tap, shape):
    """The output in whose window a weight meets an input cell, or None."""
    output = []
    for axis, (index, weight_index) in enumerate(zip(cell, tap, strict=True)):
        place, rest = divmod(index + shape.padding[axis][0] - weight_index * shape.dilation[axis], shape.stride[axis])
        if rest or not 0 <= place < shape.output[axis]:
            return None
        output.append(place)
    return tuple(output)
