"""Receptive fields: which part of the input each unit of a stack of layers can see.

A layer reads windows of `span` = dilation (kernel - 1) + 1 cells, `stride` apart, after `padding`. On one axis the
numbers follow layer by layer, from the input's (first 0, jump 1, size 1):

    first' = first - padding * jump      first input pixel that unit 0 sees; negative where it sees padding
    size'  = size + (span - 1) * jump    input pixels that a unit sees, from end to end
    jump'  = jump * stride               input pixels between the fields of neighbouring units
    start' = first' + size' / 2          centre of unit 0's field; pixel 0 has its centre at 0.5

Unit u sees the pixels first + u * jump up to, but without, first + u * jump + size. Sources: Araujo, Norris & Sim,
"Computing receptive fields of convolutional neural networks", Distill 2019; Dumoulin & Visin 2016.
"""

import numpy as np

from cnnlab.core import checks
from cnnlab.core._receptive_graph import merged, sources_of
from cnnlab.core._receptive_layers import LARGEST, Layer, as_layers, axes_of
from cnnlab.core._receptive_rows import AxisField, Row, Table, times

__all__ = [
    "AxisField",
    "Layer",
    "Row",
    "Table",
    "field_of",
    "graph_table",
    "minimum_input_size",
    "pixels_of",
    "table",
    "units_seeing",
]


def table(layers, input_size):
    """Receptive-field table of a chain of layers: row 0 is the input, row i the i-th layer.

    layers: `Layer`s, or tuples ([name,] kernel, stride, padding, dilation), or dicts with these keys; pooling counts
    like convolution; batch norm and activations have kernel 1.
    input_size: one int an axis; a single int stands for a square image (or for all axes of layers given per axis).
    Raises ValueError naming the layer where a kernel does not fit, and for anything that is no layer.

    >>> print(table([("conv", 7, 2, 3), ("bn", 1), ("relu", 1), ("maxpool", 3, 2, 1)], 256))
       layer    map size  start    jump  receptive field
    0  input    256x256   0.5x0.5  1x1   1x1
    1  conv     128x128   0.5x0.5  2x2   7x7
    2  bn       128x128   0.5x0.5  2x2   7x7
    3  relu     128x128   0.5x0.5  2x2   7x7
    4  maxpool  64x64     0.5x0.5  4x4   11x11
    """
    layers = as_layers(layers)
    axes = _input_axes(layers, input_size)
    rows = [Row("input", axes)]
    for layer in layers:
        axes = _through(layer, axes)
        rows.append(Row(layer.name, axes))
    return Table(tuple(rows), layers, tuple((number,) for number in range(len(layers))))


def graph_table(layers, inputs, input_size):
    """Receptive-field table of a net with branches.

    layers: as for `table`, with different names, each after the layers it reads.
    inputs: mapping from a layer's name to the names that it reads, a list or one string; a layer that is not in it
    reads the one before. Several inputs are merged (added or concatenated): the field is the union of theirs, so the
    outer ends count. A map of a single unit is spread over the other maps, as in squeeze-and-excitation.
    Raises ValueError where merged maps differ in size or jump. Paths with the same jump but different centres are
    merged and reported in `Table.warnings`.

    >>> branches = graph_table([("a", 3, 1, 1), ("b", 5, 1, 2), ("add", 1)], {"b": "input", "add": ["a", "b"]}, 32)
    >>> branches[3].size
    (5, 5)
    """
    layers = as_layers(layers)
    number_of = {"input": 0}
    for number, layer in enumerate(layers, start=1):
        if number_of.setdefault(layer.name, number) != number:
            checks.refuse("layers", layer.name, "is the name of two layers; a graph needs different names")
    sources = sources_of(layers, inputs, number_of)
    rows, misaligned = [Row("input", _input_axes(layers, input_size))], []
    for layer, read in zip(layers, sources, strict=True):
        axes = rows[read[0]].axes if len(read) == 1 else merged(layer.name, [rows[i] for i in read], misaligned)
        rows.append(Row(layer.name, _through(layer, axes)))
    return Table(tuple(rows), layers, sources, tuple(misaligned))


def field_of(table, layer, unit, *, clip=True):
    """Input region that one unit sees: a pair (start, stop) an axis, pixels start..stop-1, edges start and stop.

    layer: row number (0 is the input) or name; unit: one index an axis, or one int for all. Clipped to what the net
    really reads; a unit that sees nothing but padding has start = stop. `clip=False` gives the region with its padding.

    >>> rows = table([("conv", 7, 2, 3), ("bn", 1)], 256)
    >>> field_of(rows, 2, (1, 1)), field_of(rows, 2, (1, 1), clip=False)
    (((0, 6), (0, 6)), ((-1, 6), (-1, 6)))
    """
    number, unit = _checked_unit(table, layer, unit)
    axes = table[number].axes
    if not checks.flag("clip", clip):
        return tuple((a.first + u * a.jump, a.first + u * a.jump + a.size) for u, a in zip(unit, axes, strict=True))
    regions = (_seen(table, number, axis, np.array([u])) for axis, u in enumerate(unit))
    return tuple((int(start[0]), int(stop[0])) for start, stop in regions)


def pixels_of(table, layer, unit):
    """The input pixels that one unit really reads: an array of indices an axis, ascending, without those in padding.

    Dilated kernels, and strides larger than the kernel, leave holes in the field that `field_of` gives. On a chain of
    layers the unit reads the pixels at all combinations of these indices; where branches merge it may read fewer.

    >>> pixels_of(table([("conv", 3, 1, 2, 2), ("conv", 3, 1, 2, 2)], (16,)), 2, 0)
    (array([0, 2, 4]),)
    """
    number, unit = _checked_unit(table, layer, unit)
    return tuple(_pixels(table, number, axis, index) for axis, index in enumerate(unit))


def units_seeing(table, layer, pixel):
    """The reverse of `field_of`: the units of a layer whose field holds the input pixel, a pair (start, stop) an axis.

    layer: row number or name; pixel: one index an axis, or one int for all. No unit: start = stop. Cells that a dilated
    kernel or a stride skips inside a field count as seen.

    >>> units_seeing(table([("conv", 3)], 8), "conv", (0, 4))
    ((0, 1), (2, 5))
    """
    number = _checked_table(table).index(layer)
    image = table[0].output_size
    pixel = checks.per_axis("pixel", pixel, len(image), 0)
    if any(p >= n for p, n in zip(pixel, image, strict=True)):
        checks.refuse("pixel", pixel, f"must lie on the input of {times(image)} pixels")
    checks.workspace("layer", layer, 100 * max(table[number].output_size))
    found = []
    for axis, p in enumerate(pixel):
        start, stop = _seen(table, number, axis, np.arange(table[number].output_size[axis]))
        seeing = np.flatnonzero((start <= p) & (p < stop))
        found.append((int(seeing[0]), int(seeing[-1]) + 1) if seeing.size else (0, 0))
    return tuple(found)


def minimum_input_size(layers):
    """Smallest input, one int an axis, that a chain of layers (as for `table`) still turns into one unit or more.

    >>> minimum_input_size([("conv", 3), ("pool", 2, 2), ("conv", 3)])
    (8, 8)
    """
    layers = as_layers(layers)
    sizes = []
    for axis in range(axes_of(layers) or 2):
        n = 1
        for layer in reversed(layers):
            n = layer.smallest_input(axis, n)
        sizes.append(n)
    return tuple(sizes)


def _checked_table(table):
    if not isinstance(table, Table):
        checks.refuse("table", table, "must come from table(...) or graph_table(...)")
    return table


def _checked_unit(table, layer, unit):
    """(row number, unit with one index an axis)"""
    number = _checked_table(table).index(layer)
    size = table[number].output_size
    unit = checks.per_axis("unit", unit, len(size), 0)
    if any(index >= n for index, n in zip(unit, size, strict=True)):
        checks.refuse("unit", unit, f"must lie on the map of {times(size)} units")
    return number, unit


def _input_axes(layers, input_size):
    given = len(input_size) if checks.is_sequence(input_size) else None
    axes = axes_of(layers) or given or 2
    sizes = checks.per_axis("input_size", input_size, axes, 1)
    if max(sizes) > LARGEST:
        checks.refuse("input_size", input_size, f"must be at most {LARGEST} on every axis")
    return tuple(AxisField(n, 0, 1, 1, n) for n in sizes)


def _through(layer, axes):
    """The axes after one layer; maps and layers that are alike on all axes are worked out once."""
    if layer.passes_through:
        return axes
    if layer.axes is None and axes.count(axes[0]) == len(axes):
        return (_step(layer, 0, axes[0]),) * len(axes)
    return tuple(_step(layer, number, axis) for number, axis in enumerate(axes))


def _step(layer, number, axis):
    n, first, jump, size, input_size = axis
    window = layer.window(number, n)
    output_size = window.places(n)
    if output_size < 1:
        padded = n + window.before + window.after
        checks.refuse(
            "kernel",
            layer.kernel,
            f"layer {layer.name!r} spans {window.span} cells, more than its padded input's {padded}",
        )
    return AxisField(
        output_size, first - window.before * jump, jump * window.stride, size + (window.span - 1) * jump, input_size
    )


def _seen(table, number, axis, units):
    """Start and stop of what some units see on one axis, followed back to the input through every layer.

    Each step clips to the map it reads: a window that lies in padding sees nothing, though the padding's own position
    could be traced to pixels.
    """
    pending = {number: (units, units + 1)}
    for row in range(number, 0, -1):
        if row not in pending:
            continue
        region, layer, sources = pending.pop(row), table.layers[row - 1], table.sources[row - 1]
        sizes = [table[source].axes[axis].output_size for source in sources]
        if not layer.passes_through:
            region = _read(layer.window(axis, max(sizes)), max(sizes), *region)
        for source, n in zip(sources, sizes, strict=True):
            start, stop = region if n == max(sizes) else (0 * region[0], np.where(region[0] < region[1], n, 0))
            if source in pending:
                start, stop = _hull((start, stop), pending[source])
            pending[source] = start, stop
    start, stop = pending[0]
    return np.where(start < stop, start, 0), np.where(start < stop, stop, 0)


def _read(window, n, start, stop):
    """The cells of a map of n that the units from start to stop read; start = stop = 0 where there are none."""
    low = np.maximum(start * window.stride - window.before, 0)
    high = np.minimum((stop - 1) * window.stride - window.before + window.span, n)
    seen = (start < stop) & (low < high)
    return np.where(seen, low, 0), np.where(seen, high, 0)


def _pixels(table, number, axis, unit):
    """Sorted indices of the input pixels that one unit reads on one axis, followed back through every layer."""
    pending = {number: np.array([unit])}
    for row in range(number, 0, -1):
        if row not in pending:
            continue
        cells, layer, sources = pending.pop(row), table.layers[row - 1], table.sources[row - 1]
        sizes = [table[source].axes[axis].output_size for source in sources]
        window = layer.window(axis, max(sizes))
        checks.workspace("layer", layer.name, 24 * cells.size * (window.span // window.dilation + 1))
        taps = np.arange(0, window.span, window.dilation) - window.before
        cells = np.unique(cells[:, None] * window.stride + taps)
        cells = cells[(cells >= 0) & (cells < max(sizes))]
        for source, n in zip(sources, sizes, strict=True):
            read = cells if n == max(sizes) else cells[:1] * 0
            pending[source] = np.union1d(pending[source], read) if source in pending else read
    return pending[0]


def _hull(one, other):
    """From the earlier start to the later stop of two regions; an empty region (start = stop) counts for nothing."""
    start = np.minimum(np.where(one[0] < one[1], one[0], other[0]), np.where(other[0] < other[1], other[0], one[0]))
    return start, np.maximum(one[1], other[1])
