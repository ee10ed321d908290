"""Layers as receptive fields see them: windows of a certain span, a stride apart, after padding."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

from cnnlab.core import arithmetic, checks

LARGEST = 2**31 - 1  # cells of an axis, so that positions on it fit 64 bits


class Window(NamedTuple):
    """One axis of a layer in whole cells: windows of `span` cells every `stride`, padding `before` and `after`.

    Of the span every `dilation`-th cell is read.
    """

    span: int
    stride: int
    before: int
    after: int
    ceil_mode: bool = False
    dilation: int = 1

    def places(self, n):
        """How many windows an axis of n cells has: the layer's output size; 0 or less where none fits."""
        moves, left_over = divmod(n + self.before + self.after - self.span, self.stride)
        starts_inside = (moves + 1) * self.stride < n + self.before
        return moves + 1 + bool(self.ceil_mode and left_over and starts_inside)

    def overhang(self, n):
        """Cells by which the last window passes the input's end; negative: the last cells are in no window."""
        return (self.places(n) - 1) * self.stride + self.span - self.before - n

    def smallest_input(self, places):
        """The fewest cells that have so many windows."""
        last_start = (places - 1) * self.stride - self.before
        whole = last_start + self.span - self.after
        if self.ceil_mode:  # the last window may hang over by less than a stride, but must start inside
            return max(1, min(whole, max(last_start + 1, whole - (self.stride - 1))))
        return max(1, whole)


@dataclass(frozen=True)
class Layer:
    """What a receptive field needs to know of a layer: convolution, pooling, or anything that works unit by unit.

    kernel, stride, dilation: whole numbers of 1 or more, for all axes or one an axis; kernel="global" reads the whole
    map (global pooling, a dense layer). padding: whole numbers likewise; where there is one entry an axis it may be a
    pair (before, after); or "valid", "same", "full". ceil_mode: count a last window that hangs over, as in pooling.
    Batch norm, activations, additions and other layers that work unit by unit have kernel 1. Transposed layers are
    refused: they enlarge the map, and the fields of their units are no longer alike.
    Raises ValueError naming the bad parameter.

    >>> Layer("conv1", kernel=7, stride=2, padding=3)
    Layer(name='conv1', kernel=7, stride=2, padding=3, dilation=1, ceil_mode=False, transposed=False)
    """

    name: str
    kernel: int | tuple | str = 1
    stride: int | tuple = 1
    padding: int | tuple | str = 0
    dilation: int | tuple = 1
    ceil_mode: bool = False
    transposed: bool = False

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            checks.refuse("name", self.name, "must be a word, the name of the layer")
        if checks.flag("transposed", self.transposed):
            checks.refuse(
                "transposed", True, "enlarges the map; receptive fields are worked out for layers that do not"
            )
        ceil_mode = checks.flag("ceil_mode", self.ceil_mode)
        given = [v for v in (self.kernel, self.stride, self.padding, self.dilation) if checks.is_sequence(v)]
        axes = len(given[0]) if given else None
        if axes == 0:
            checks.refuse("kernel", self.kernel, "must be one whole number, or one an axis")
        windows = [_window(*entry, ceil_mode) for entry in zip(*self._per_axis(axes or 1), strict=True)]
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "_windows", windows)
        # A layer like this leaves sizes and fields as they are, so a table need not step through it.
        object.__setattr__(self, "passes_through", all(window == Window(1, 1, 0, 0) for window in windows))

    def _per_axis(self, axes):
        whole = isinstance(self.kernel, str) and checks.choice("kernel", self.kernel, ("global",))
        padding = self.padding if checks.is_sequence(self.padding) else (self.padding,) * axes
        if len(padding) != axes:
            checks.refuse("padding", self.padding, f"must be one entry, or {axes} of them (one an axis)")
        return (
            (None,) * axes if whole else checks.per_axis("kernel", self.kernel, axes, 1),
            checks.per_axis("stride", self.stride, axes, 1),
            padding,
            checks.per_axis("dilation", self.dilation, axes, 1),
        )

    def window(self, axis, n):
        """The layer's window on one axis of n cells ("same" padding and a global kernel depend on n)."""
        window = self._windows[axis if self.axes else 0]
        if window.span is None:
            return Window(n, 1, 0, 0)
        if window.before == "same":
            return window._replace(**dict(zip(("before", "after"), _same(window, n), strict=True)))
        return window

    def smallest_input(self, axis, places):
        """The fewest cells on one axis that give so many output cells (a global layer gives one, from one cell on)."""
        window = self._windows[axis if self.axes else 0]
        if window.span is None:
            return 1
        if window.before == "same":
            return (places - 1) * window.stride + 1
        return window.smallest_input(places)


def as_layers(layers):
    """Return a tuple of `Layer`s from Layers, tuples ([name,] kernel, stride, padding, dilation) or dicts."""
    if not isinstance(layers, (list, tuple)):
        checks.refuse("layers", layers, "must be a list of layers")
    found = tuple(_as_layer(number, layer) for number, layer in enumerate(layers, start=1))
    axes_of(found)
    return found


def axes_of(layers):
    """Number of axes that the layers' own settings fix, or None where every setting holds for all axes."""
    counts = {layer.axes for layer in layers} - {None}
    if len(counts) > 1:
        checks.refuse("layers", sorted(counts), "these are the numbers of axes of different layers; they must agree")
    return counts.pop() if counts else None


_KEYS = tuple(key.name for key in fields(Layer))


def _as_layer(number, layer):
    if isinstance(layer, Layer):
        return layer
    name = f"layer {number}"
    if isinstance(layer, Mapping):
        unknown = [key for key in layer if key not in _KEYS]
        if unknown:
            checks.refuse(f"layers[{number - 1}]", unknown[0], f"is none of {', '.join(_KEYS)}")
        return Layer(**{"name": name, **layer})
    if isinstance(layer, (tuple, list)) and layer:
        values = layer if isinstance(layer[0], str) else (name, *layer)
        if len(values) <= 5:
            plain = all(type(value) in (int, str) for value in values)
            return _plain_layer(*values) if plain else Layer(*values)
    checks.refuse(
        f"layers[{number - 1}]", layer, "must be a Layer, a dict, or ([name,] kernel, stride, padding, dilation)"
    )


@lru_cache(maxsize=4096)
def _plain_layer(*values):
    return Layer(*values)


def _window(kernel, stride, padding, dilation, ceil_mode):
    if kernel is None:
        return Window(None, 1, 0, 0)
    span = arithmetic.span(kernel, dilation)
    same = isinstance(padding, str) and padding == "same"
    before, after = (0, 0) if same else arithmetic.padding_of(1, kernel, stride, padding, dilation)
    for parameter, cells in (("kernel", span), ("stride", stride), ("padding", max(before, after))):
        if cells > LARGEST:
            checks.refuse(parameter, cells, f"must be at most {LARGEST} cells")
    sides = ("same", "same") if same else (before, after)
    return Window(span, stride, *sides, ceil_mode, dilation if kernel > 1 else 1)


def _same(window, n):
    return arithmetic.same_padding(n, window.span, window.stride)
