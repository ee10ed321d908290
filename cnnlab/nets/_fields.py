"""Where the input's axes are while a net runs: what `summary` needs to follow receptive fields through any operation.

Each tensor that comes from the input has a `Spot`: a node of a graph of windows (which `core.receptive_field` turns
into numbers) and a layout, which says in what dimension each axis of the picture now is. Moving, flattening and
splitting dimensions changes the layout; windows, sums over an axis and merging of branches make a new node.
"""

import math
from typing import NamedTuple

from cnnlab.core import receptive_field


class Lost(Exception):  # noqa: N818 - no error: it says why fields cannot be followed any further
    """Raised by a rule: an operation after which the fields are not known, as in "cuts out a part of the map"."""


class Unfollowed(NamedTuple):
    """In place of a `Spot`: why the fields are not known; nothing where there never was a picture to follow."""

    reason: str


class Spot(NamedTuple):
    """node : number in the graph; layout : for each dimension its factors (size, axis or None), those of 1 left out.

    uneven : the units of the map see windows that are not alike, and all of them together what the node's map sees.
    """

    node: int
    layout: tuple
    uneven: bool = False


class Window(NamedTuple):
    """One axis of a layer, as `core.receptive_field.Layer` takes it."""

    kernel: int
    stride: int = 1
    padding: int | tuple | str = 0
    dilation: int = 1


STILL = Window(1)


class Graph:
    """Layers with the maps that they read; node 0 is the input, `sizes` pixels an axis."""

    def __init__(self, sizes):
        self.names = {"input": 0}
        self.layers, self.sources = [], []
        self.sizes, self.jumps = [tuple(sizes)], [(1,) * len(sizes)]

    def start(self, shape):
        """The spot of the input: batch, channels, then the axes of the picture."""
        axes = [((n, axis),) if n > 1 else () for axis, n in enumerate(shape[2:])]
        return Spot(0, (plain(shape[0]), plain(shape[1]), *axes))

    def table(self):
        """The `core.receptive_field.Table` of all nodes."""
        names = list(self.names)
        inputs = {names[number]: [names[s] for s in read] for number, read in enumerate(self.sources, start=1)}
        return receptive_field.graph_table(self.layers, inputs, self.sizes[0])

    def windows(self, name, node, windows, ceil_mode=False):
        """The node of a layer with one `Window` an axis; the node itself where the layer works unit by unit."""
        if all(window == STILL for window in windows):
            return node
        kernel, stride, padding, dilation = zip(*windows, strict=True)
        layer = receptive_field.Layer(self._unused(name), kernel, stride, padding, dilation, ceil_mode)
        sizes = tuple(layer.window(axis, n).places(n) for axis, n in enumerate(self.sizes[node]))
        jumps = tuple(jump * step for jump, step in zip(self.jumps[node], stride, strict=True))
        return self._add(layer, (node,), sizes, jumps)

    def whole(self, name, node, axes):
        """The node whose units see everything along some axes."""
        sizes = self.sizes[node]
        return self.windows(name, node, [Window(n) if axis in axes else STILL for axis, n in enumerate(sizes)])

    def merged(self, name, spots):
        """The node of branches that are added or concatenated."""
        nodes = tuple(dict.fromkeys(spot.node for spot in spots))
        if len(nodes) == 1:
            return nodes[0]
        sizes, jumps = [], []
        for axis in range(len(self.sizes[0])):
            n = max(self.sizes[node][axis] for node in nodes)
            full = {self.jumps[node][axis] for node in nodes if self.sizes[node][axis] == n}
            if n > 1 and len(full) > 1:
                raise Lost("merges maps whose units are not equally far apart")
            if {self.sizes[node][axis] for node in nodes} - {n, 1}:
                raise Lost("merges maps of different sizes")
            sizes.append(n)
            jumps.append(max(full))
        return self._add(receptive_field.Layer(self._unused(name)), nodes, tuple(sizes), tuple(jumps))

    def _unused(self, name):
        count, unused = 1, name
        while unused in self.names:
            count += 1
            unused = f"{name} ({count})"
        return unused

    def _add(self, layer, sources, sizes, jumps):
        number = self.names[layer.name] = len(self.sizes)
        self.layers.append(layer)
        self.sources.append(sources)
        self.sizes.append(sizes)
        self.jumps.append(jumps)
        return number


def plain(size):
    """The factors of a dimension that holds no axis of the picture."""
    return ((size, None),) if size > 1 else ()


def axes_in(factors):
    """The axes of the picture that a dimension holds."""
    return [axis for _, axis in factors if axis is not None]


def only(factors):
    """The axis that is all of a dimension; None where there is none. Raises Lost where it is flattened with others."""
    axes = axes_in(factors)
    if axes and len(factors) > 1:
        raise Lost("works along a dimension in which an axis of the picture is flattened with others")
    return axes[0] if axes else None


def without(layout, axes):
    """The layout of a map of which some axes have shrunk to one cell."""
    return tuple(tuple(factor for factor in factors if factor[1] not in axes) for factors in layout)


def reshaped(layout, shape):
    """The layout after `view`: the factors in order, dealt out to the new dimensions."""
    factors = []
    for size, axis in (factor for dimension in layout for factor in dimension):
        if axis is None and factors and factors[-1][1] is None:
            factors[-1] = (factors[-1][0] * size, None)
        else:
            factors.append((size, axis))
    factors.reverse()
    return tuple(_dealt(factors, n) for n in shape)


def _dealt(factors, n):
    dimension = []
    while n > 1:
        size, axis = factors.pop()
        if n % size and axis is None:
            common = math.gcd(n, size)
            if common == 1:
                raise Lost("reshapes channels and pixels into each other")
            factors.append((size // common, None))
            size = common
        elif n % size:
            raise Lost("cuts an axis of the picture into pieces")
        dimension.append((size, axis))
        n //= size
    return tuple(dimension)
