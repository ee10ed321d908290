"""Gradient of pooling: the arguments stand in `cnnlab.core.pooling`."""

import math

import numpy as np

from cnnlab.core import _windows, arithmetic, checks, pooling
from cnnlab.core._conv_backward import check_gradient


def pool_backward(
    grad, x, size, *, stride=None, padding=0, dilation=1, mode="max", ceil_mode=False, count_padding=True
):
    """Gradient of a loss by the input of `pool`, given `grad` by its output; all other arguments as `pool` had them.

    Max (and min) pooling sends each output's gradient to the cell that won, the first in reading order where several
    are equal; average pooling spreads it evenly, 1/Q to each of the Q cells it divided by. Cells in overlapping windows
    collect what each window sends. Returns an array of the shape of x, in the floating-point type of grad (float64 for
    whole numbers). Errors as in `pool`. Source: EE541, unit 8.

    >>> pool_backward([[1.0, 2.0]], [[1, 9, 5, 5], [3, 4, 5, 5]], 2)
    array([[0., 1., 2., 0.],
           [0., 0., 0., 0.]])
    >>> pool_backward([[4.0]], [[1, 9], [3, 4]], 2, mode="average")
    array([[1., 1.],
           [1., 1.]])
    """
    grad, x = checks.real("grad", grad), checks.array("x", x)
    checks.choice("mode", mode, pooling.MODES)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    checks.workspace("x.shape", x.shape, 8 * 3 * x.size)
    if mode == "average":
        pooled = pooling.pool(x, size, mode=mode, count_padding=count_padding, **settings)
    else:
        checks.flag("count_padding", count_padding)
        pooled, winners = pooling.pool_with_positions(x, size, mode=mode, **settings)
    check_gradient(grad, pooled.shape)
    axes = len(size) if checks.is_sequence(size) else min(x.ndim, 2)
    with np.errstate(over="ignore", invalid="ignore"):
        if mode == "average":
            gradient = _spread(grad, x.shape, axes, size, stride, padding, dilation, count_padding)
        else:
            gradient = _sent(grad, winners, x.shape, axes)
    if not checks.is_finite(gradient):
        checks.refuse("grad", "array", f"is too large: the gradient passes the range of {grad.dtype}")
    return gradient


def _sent(grad, winners, shape_of_x, axes):
    """Every output's gradient at the cell that won; `winners` counts the cells of the pooled axes."""
    channels, cells = math.prod(shape_of_x[:-axes]), math.prod(shape_of_x[-axes:])
    gradient = np.zeros(channels * cells, grad.dtype)
    places = winners.reshape(channels, -1) + cells * np.arange(channels)[:, None]
    np.add.at(gradient, places.reshape(-1), grad.reshape(-1))
    return gradient.reshape(shape_of_x)


def _spread(grad, shape_of_x, axes, size, stride, padding, dilation, count_padding):
    """Every output's gradient in equal shares at the cells it averaged, one axis after the other."""
    sizes = checks.per_axis("size", size, axes, 1)
    strides = sizes if stride is None else checks.per_axis("stride", stride, axes, 1)
    dilations = checks.per_axis("dilation", dilation, axes, 1)
    sides = _windows.padding_per_axis(padding, axes)
    gradient = grad
    for axis in range(axes):
        n, number = shape_of_x[axis - axes], gradient.ndim + axis - axes
        before, after = arithmetic.padding_of(n, sizes[axis], strides[axis], sides[axis], dilations[axis])
        first = np.array([place * strides[axis] - before for place in range(grad.shape[number])])
        places = [first + tap * dilations[axis] for tap in range(sizes[axis])]
        low, high = (-before, n + after) if count_padding else (0, n)
        divided_by = sum((low <= place) & (place < high) for place in places)
        gradient = _spread_along(gradient, number, n, places, divided_by)
    return gradient


def _spread_along(grad, axis, n, places, divided_by):
    """`places` holds, for each tap of the window, the input cell under it at every output."""
    cells = np.moveaxis(grad, axis, -1) / divided_by.astype(grad.dtype)
    gradient = np.zeros((*cells.shape[:-1], n), grad.dtype)
    for place in places:
        inside = (place >= 0) & (place < n)
        gradient[..., place[inside]] += cells[..., inside]
    return np.ascontiguousarray(np.moveaxis(gradient, -1, axis))
