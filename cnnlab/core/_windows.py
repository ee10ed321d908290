"""Where a kernel lands and what it sees: padding, and the windows of a padded array as a view."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from cnnlab.core import arithmetic, checks

PADDING_MODES = ("zeros", "reflect", "replicate", "circular", "constant")


@dataclass(frozen=True)
class Geometry:
    """Everything about a sliding kernel that does not depend on the values; one entry an axis."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    output: tuple[int, ...]

    @property
    def padded(self):
        return tuple(n + before + after for n, (before, after) in zip(self.size, self.padding, strict=True))


def geometry(size, kernel, stride=1, padding=0, dilation=1, *, named="kernel"):
    """Resolve the arguments of a sliding kernel; `size` and `kernel` hold one int an axis, `named` is for errors."""
    axes = len(size)
    stride = checks.per_axis("stride", stride, axes, 1)
    dilation = checks.per_axis("dilation", dilation, axes, 1)
    entries = padding_per_axis(padding, axes)
    pairs = tuple(map(arithmetic.padding_of, size, kernel, stride, entries, dilation))
    output = []
    for n, taps, step, (before, after), apart in zip(size, kernel, stride, pairs, dilation, strict=True):
        room = n + before + after - arithmetic.span(taps, apart)
        if room < 0:
            padded = n + before + after
            remedy = f"must span at most the {padded} cells of the padded input, not {padded - room}"
            checks.refuse(f"{named}.shape", tuple(kernel), remedy)
        output.append(room // step + 1)
    return settled(Geometry(tuple(size), tuple(kernel), stride, pairs, dilation, tuple(output)))


def settled(shape):
    """The same geometry, with 1 for the stride of a single window and the dilation of a single tap.

    They cannot matter there, and however large they were, index arithmetic now fits 64 bits.
    """
    stride = tuple(step if places > 1 else 1 for step, places in zip(shape.stride, shape.output, strict=True))
    dilation = tuple(apart if taps > 1 else 1 for apart, taps in zip(shape.dilation, shape.kernel, strict=True))
    return replace(shape, stride=stride, dilation=dilation)


def padding_per_axis(padding, axes):
    """One entry an axis of what `padding` says: an int, a pair (before, after) or a name."""
    if isinstance(padding, str) or not checks.is_sequence(padding):
        return (padding,) * axes
    if len(padding) != axes:
        remedy = f"must be one whole number or a name, or {axes} entries (a number or a pair (before, after) an axis)"
        checks.refuse("padding", padding, remedy)
    return tuple(padding)


def padded_sources(n, before, after, mode):
    """For each cell of one padded axis the index of the input cell it copies, or -1 where padding invents it.

    >>> padded_sources(3, 2, 2, "reflect")
    array([2, 1, 0, 1, 2, 1, 0])
    """
    position = np.arange(-before, n + after)
    if mode == "replicate":
        return position.clip(0, n - 1)
    if mode == "circular":
        return position % n
    if mode == "reflect":
        return n - 1 - abs(n - 1 - abs(position))
    return np.where((position < 0) | (position >= n), -1, position)


def check_padding_mode(mode, shape):
    """Refuse an unknown mode, or one that would need more input cells than there are."""
    checks.choice("padding_mode", mode, PADDING_MODES)
    for n, sides in zip(shape.size, shape.padding, strict=True):
        if mode == "reflect" and max(sides) >= n:
            checks.refuse("padding", max(sides), f"must be less than the {n} cells of the axis to reflect them")
        if mode == "circular" and max(sides) > n:
            checks.refuse("padding", max(sides), f"must be at most the {n} cells of the axis to wrap around")


def pad(x, shape, mode, value, dtype):
    """The last axes of `x` padded as `shape` says, as a contiguous array of `dtype`."""
    if not any(map(any, shape.padding)):
        return np.ascontiguousarray(x, dtype)
    leading = x.shape[: x.ndim - len(shape.size)]
    if mode in ("zeros", "constant"):
        padded = np.full(leading + shape.padded, value, dtype) if value else np.zeros(leading + shape.padded, dtype)
        inside = tuple(slice(before, before + n) for n, (before, _) in zip(shape.size, shape.padding, strict=True))
        padded[(..., *inside)] = x
        return padded
    padded = x
    for axis, (n, sides) in enumerate(zip(shape.size, shape.padding, strict=True), start=len(leading)):
        if any(sides):
            padded = padded.take(padded_sources(n, *sides, mode), axis)
    return np.ascontiguousarray(padded, dtype)


def windows(padded, shape):
    """Every window of a padded array as a view without a copy: (..., *output, *kernel)."""
    axes = len(shape.size)
    first = padded.ndim - axes
    strides = padded.strides[first:]
    step = tuple(cells * by for cells, by in zip(strides, shape.stride, strict=True))
    tap = tuple(cells * by for cells, by in zip(strides, shape.dilation, strict=True))
    view_shape = padded.shape[:first] + shape.output + shape.kernel
    return np.lib.stride_tricks.as_strided(padded, view_shape, padded.strides[:first] + step + tap, writeable=False)


def taps_first(array, first, kernel, stride, dilation):
    """Sliding windows over the axes of `array` from `first` on, as many as `kernel` has entries, as a view.

    The axes of the taps stand before those of the places: (..., *kernel, *places, ...).
    """
    behind = first + len(kernel)
    spans = map(arithmetic.span, kernel, dilation)
    places = tuple((n - span) // by + 1 for n, span, by in zip(array.shape[first:behind], spans, stride, strict=True))
    strides = array.strides[first:behind]
    tap = tuple(cells * by for cells, by in zip(strides, dilation, strict=True))
    step = tuple(cells * by for cells, by in zip(strides, stride, strict=True))
    view_shape = (*array.shape[:first], *kernel, *places, *array.shape[behind:])
    view_strides = (*array.strides[:first], *tap, *step, *array.strides[behind:])
    return np.lib.stride_tricks.as_strided(array, view_shape, view_strides, writeable=False)


def under(places, shape):
    """Slices of the padded cells that the windows at `places` see, a slice of results an axis, first axes first."""
    axes = zip(places, shape.kernel, shape.stride, shape.dilation, strict=False)
    return tuple(
        slice(place.start * stride, (place.stop - 1) * stride + arithmetic.span(taps, apart))
        for place, taps, stride, apart in axes
    )


def boxes(sizes, cells):
    """Cover an array of these sizes with boxes of at most `cells` cells: whole axes at the end, one part of an axis."""
    if not sizes:
        yield ()
        return
    behind = math.prod(sizes[1:])
    parts = -(-sizes[0] // max(1, min(cells // behind, sizes[0])))
    edges = [sizes[0] * part // parts for part in range(parts + 1)]
    for start, stop in itertools.pairwise(edges):
        for rest in boxes(sizes[1:], cells):
            yield (slice(start, stop), *rest)


class Buffers:
    """Arrays by name that are used again and again: `buffers(name, shape)` holds whatever was in it before."""

    def __init__(self, dtype):
        self.dtype, self.kept = dtype, {}

    def __call__(self, name, shape):
        size = math.prod(shape)
        if name not in self.kept or self.kept[name].size < size:
            self.kept.pop(name, None)  # before the larger one is made
            self.kept[name] = np.empty(size, self.dtype)
        return self.kept[name][:size].reshape(shape)


def tap_view(padded, shape, tap):
    """What one tap of the kernel sees as it slides: a view of shape (..., *output)."""
    return padded[(..., *tap_slices(shape, tap))]


def tap_slices(shape, tap):
    """Slices of the padded axes under one tap of the sliding kernel."""
    return tuple(
        slice(index * dilation, index * dilation + (places - 1) * stride + 1, stride)
        for index, dilation, places, stride in zip(tap, shape.dilation, shape.output, shape.stride, strict=True)
    )


def reads_every_cell(shape):
    """Whether every input cell is known to lie in some window: no gaps between windows, nothing left at the end."""
    for n, taps, stride, dilation, places, (before, _) in zip(
        shape.size, shape.kernel, shape.stride, shape.dilation, shape.output, shape.padding, strict=True
    ):
        end = (places - 1) * stride + (taps - 1) * dilation + 1 - before
        without_gaps = stride <= taps if dilation == 1 else stride == 1 and dilation <= places
        if end < n or not without_gaps:
            return False
    return True


def cells(*shapes):
    """Number of elements of arrays of these shapes together."""
    return sum(math.prod(shape) for shape in shapes)
