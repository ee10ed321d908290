"""Pooling: the largest, mean or smallest value of each window, in every channel on its own."""

import math
from dataclasses import dataclass

import numpy as np

from cnnlab.core import _precision, _windows, arithmetic, checks

MODES = ("max", "average", "min")


def pool(x, size, *, stride=None, padding=0, dilation=1, mode="max", ceil_mode=False, count_padding=True):
    """Summarise each window of the last axes of `x` by one number.

    Parameters
    ----------
    x : array-like
        any number of axes; (height, width), (channels, height, width) and (N, C, *spatial) alike
    size : int, or one int a pooled axis
        an int pools the last two axes (the last one if `x` has one); (2,) pools one axis and (2, 2, 2) three
    stride : int, or one int an axis
        default: `size`, so that windows do not overlap
    padding : int, one int an axis, one pair (before, after) an axis, "valid", "same" or "full"
        cells added around; they never win, and every window must see at least one cell of the input
    dilation : int, or one int an axis
    mode : "max", "average" or "min"
    ceil_mode : bool
        also count a last window that hangs over the end, as long as it starts inside
    count_padding : bool
        whether an average divides by all cells of the window, padding included, or by the input cells alone;
        cells that hang over in `ceil_mode` never count

    Returns an array with the pooled axes shortened. Max and min keep the type of `x`; the average of whole numbers is
    float64. The results are those of torch.nn.functional.max_pool/avg_pool. Raises ValueError for bad input.
    Source: EE541, unit 8; METU DI504.

    >>> pool(np.arange(100).reshape(10, 10), 2)[0]
    array([11, 13, 15, 17, 19])
    >>> pool([[1, 2], [3, 4]], 2, mode="average")
    array([[2.5]])
    """
    x, shape = _arguments(x, size, stride, padding, dilation, ceil_mode)
    checks.choice("mode", mode, MODES)
    count_padding = checks.flag("count_padding", count_padding)
    return _average(x, shape, count_padding) if mode == "average" else _extreme(x, shape, mode)


def pool_with_positions(x, size, *, stride=None, padding=0, dilation=1, mode="max", ceil_mode=False):
    """Max or min pooling together with where each value came from.

    Returns (values, positions): `positions` are flat indices into the pooled axes of `x`, as PyTorch's
    `return_indices` gives them; of equal values the first in reading order counts. Arguments as in `pool`.

    >>> pool_with_positions([[1, 9], [3, 4]], 2)
    (array([[9]]), array([[1]]))
    """
    x, shape = _arguments(x, size, stride, padding, dilation, ceil_mode)
    checks.choice("mode", mode, ("max", "min"))
    position = np.broadcast_to(np.arange(math.prod(shape.size)).reshape(shape.size), x.shape)
    for axis in reversed(range(len(shape.size))):
        x, position = _first_extreme_along(x, position, _Axis.of(shape, axis), mode)
    return x, position


def global_pool(x, *, mode="average", axes=2):
    """One number for each channel: the mean (or max, min) over the last `axes` axes.

    (N, C, height, width) becomes (N, C). Types as in `pool`. Source: EE541, unit 8; Lin et al. (2013), "Network in
    network".

    >>> global_pool(np.arange(8).reshape(2, 2, 2))
    array([1.5, 5.5])
    """
    x = checks.array("x", x)
    axes = checks.integer("axes", axes, 1)
    if axes > x.ndim:
        checks.refuse("axes", axes, f"must be at most {x.ndim}, the axes of x")
    return pool(x, x.shape[x.ndim - axes :], mode=mode).reshape(x.shape[: x.ndim - axes])


def output_size(n, size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Windows along one axis of n cells: `arithmetic.output_size`, or with `ceil_mode` rounded up.

    A window that hangs over counts where it starts in the input or in the padding before it.

    >>> output_size(6, 3, 2), output_size(6, 3, 2, ceil_mode=True)
    (2, 3)
    """
    n = checks.integer("n", n, 1)
    size = checks.integer("size", size, 1)
    stride = size if stride is None else checks.integer("stride", stride, 1)
    before, after = arithmetic.padding_of(n, size, stride, padding, dilation)
    room = n + before + after - arithmetic.span(size, dilation)
    if room < 0:
        checks.refuse("size", size, f"must span at most the {n + before + after} cells of the padded input")
    moves = room // stride
    hangs_over = checks.flag("ceil_mode", ceil_mode) and room % stride and (moves + 1) * stride < n + before
    return moves + 1 + bool(hangs_over)


def _arguments(x, size, stride, padding, dilation, ceil_mode):
    """Check and resolve: (x as an array, geometry of the pooled axes)."""
    x = checks.array("x", x)
    if x.ndim == 0:
        checks.refuse("x.ndim", 0, "must be 1 or more")
    axes = len(size) if checks.is_sequence(size) else min(x.ndim, 2)
    if not 1 <= axes <= x.ndim:
        checks.refuse("size", size, f"must hold 1 to {x.ndim} whole numbers, one a pooled axis")
    size = checks.per_axis("size", size, axes, 1)
    stride = size if stride is None else checks.per_axis("stride", stride, axes, 1)
    dilation = checks.per_axis("dilation", dilation, axes, 1)
    ceil_mode = checks.flag("ceil_mode", ceil_mode)
    cells, sides = x.shape[x.ndim - axes :], _windows.padding_per_axis(padding, axes)
    pairs = tuple(map(arithmetic.padding_of, cells, size, stride, sides, dilation))
    output = tuple(map(output_size, cells, size, stride, pairs, dilation, (ceil_mode,) * axes))
    shape = _windows.settled(_windows.Geometry(cells, size, stride, pairs, dilation, output))
    _check_memory(x, shape)
    along = [_Axis.of(shape, axis) for axis in range(axes)]
    if not all(axis.cells_seen().min() > 0 for axis in along):
        checks.refuse("padding", padding, "must leave every window at least one cell of the input")
    return x, shape


def _check_memory(x, shape):
    """The axes are pooled one after the other: an 8-byte copy and positions of each stage are the worst case."""
    stages, current = [], list(x.shape)
    for axis in reversed(range(len(shape.size))):
        current[x.ndim - len(shape.size) + axis] = shape.output[axis]
        stages.append(tuple(current))
    culprit = ("padding", shape.padding) if any(map(any, shape.padding)) else ("x.shape", x.shape)
    checks.workspace(*culprit, 8 * (3 * _windows.cells(*stages) + 4 * sum(shape.output)))


@dataclass(frozen=True)
class _Axis:
    """One pooled axis; `index` counts from the end of the array."""

    index: int
    cells: int
    taps: int
    places: int
    stride: int
    dilation: int
    before: int
    after: int

    @classmethod
    def of(cls, shape, axis):
        facts = (shape.size, shape.kernel, shape.output, shape.stride, shape.dilation)
        return cls(axis - len(shape.size), *(fact[axis] for fact in facts), *shape.padding[axis])

    def starts(self):
        return np.arange(self.places) * self.stride - self.before

    def cells_seen(self, low=0, high=None):
        """How many taps of each window lie in cells low..high, by default those of the input."""
        high = self.cells if high is None else high
        start = self.starts()
        first = np.maximum(0, -((start - low) // self.dilation))
        beyond = np.minimum(self.taps, (high - 1 - start) // self.dilation + 1)
        return np.maximum(beyond - first, 0)

    def overlaps(self):
        """Pairs (places, cells) of slices that say which windows meet which cells of the input.

        Tap by tap, or window by window where there are fewer windows than taps; then the cells are one window.
        """
        if self.places < self.taps:
            for place, start in enumerate(self.starts().tolist()):
                first = start + max(0, -(start // self.dilation)) * self.dilation
                beyond = min(self.cells, start + (self.taps - 1) * self.dilation + 1)
                yield slice(place, place + 1), slice(first, beyond, self.dilation)
        else:
            for tap in range(self.taps):
                start = tap * self.dilation - self.before  # the cell under this tap in the first window
                first = max(0, -(start // self.stride))
                beyond = min(self.places, (self.cells - 1 - start) // self.stride + 1)
                if first < beyond:
                    last = start + (beyond - 1) * self.stride
                    yield slice(first, beyond), slice(start + first * self.stride, last + 1, self.stride)

    def on(self, values):
        """A view of `values` with this axis first."""
        return np.moveaxis(values, self.index, 0)

    def back(self, values):
        return np.moveaxis(values, 0, self.index)


def _combined_along(values, axis, combine, start):
    """Every window of one axis reduced by `combine` (np.maximum, np.minimum or np.add), from the value `start`."""
    cells = axis.on(values)
    result = np.full((axis.places, *cells.shape[1:]), start, values.dtype)
    for places, inside in axis.overlaps():
        seen = cells[inside]
        if axis.places < axis.taps:
            seen = combine.reduce(seen, axis=0, keepdims=True)
        combine(result[places], seen, out=result[places])
    return axis.back(result)


def _first_extreme_along(values, position, axis, mode):
    """The extreme of every window of one axis, and the position that belongs to it; the first one wins."""
    cells, positions = axis.on(values), axis.on(position)
    best = np.empty((axis.places, *cells.shape[1:]), values.dtype)
    where = np.full(best.shape, -1)
    for places, inside in axis.overlaps():
        candidate, origin = cells[inside], positions[inside]
        if axis.places < axis.taps:
            first = (candidate.argmax if mode == "max" else candidate.argmin)(axis=0)[None]
            candidate, origin = np.take_along_axis(candidate, first, 0), np.take_along_axis(origin, first, 0)
        wins = candidate > best[places] if mode == "max" else candidate < best[places]
        wins |= where[places] < 0
        np.copyto(best[places], candidate, where=wins)
        np.copyto(where[places], origin, where=wins)
    return axis.back(best), axis.back(where)


def _extreme(x, shape, mode):
    """Running maximum (or minimum); it starts from the value that any input beats or equals."""
    limits = np.iinfo(x.dtype) if x.dtype.kind in "iu" else None
    if mode == "max":
        combine, start = np.maximum, -np.inf if limits is None else limits.min
    else:
        combine, start = np.minimum, np.inf if limits is None else limits.max
    for axis in reversed(range(len(shape.size))):
        x = _combined_along(x, _Axis.of(shape, axis), combine, start)
    return np.ascontiguousarray(x)


def _average(x, shape, count_padding):
    precision = _precision.of_sum(x, math.prod(shape.kernel))
    total = x.astype(precision.compute, copy=False)
    divisor = np.ones((), np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        for index in reversed(range(len(shape.size))):
            total = _combined_along(total, _Axis.of(shape, index), np.add, 0)
    for index in range(len(shape.size)):
        axis = _Axis.of(shape, index)
        low, high = (-axis.before, axis.cells + axis.after) if count_padding else (0, axis.cells)
        divisor = divisor[..., None] * axis.cells_seen(low, high)
    if precision.result.kind == "i":
        return total / divisor
    return precision.finish(np.ascontiguousarray(total / divisor.astype(total.dtype)))
