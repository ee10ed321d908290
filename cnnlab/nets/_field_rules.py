"""What each operation of torch does to receptive fields: one small rule a kind of operation.

A rule gets a `Call` and returns the `Spot` of the result, or raises `Lost` with the reason, as in "cat merges ...".
"""

from typing import NamedTuple

import torch

from cnnlab.nets._fields import STILL, Graph, Lost, Spot, Window, axes_in, only, plain, reshaped, without


class Call(NamedTuple):
    """An operation that has run: `spots` are those of its tensor arguments in order, None for a tensor without one."""

    graph: Graph
    name: str  # of the row that it belongs to
    operation: str
    args: tuple
    spots: list
    shape: torch.Size  # of the result

    def argument(self, place, default):
        return self.args[place] if len(self.args) > place else default

    @property
    def spot(self):
        """The spot of the first argument, for operations that read one picture."""
        if self.spots[0] is None or any(self.spots[1:]):
            raise Lost("reads the picture twice")
        return self.spots[0]


def rule_of(operation, pointwise, has_parts):
    """The rule for an operation by its name in torch without the underscore of the in-place form.

    None for an operation without one that is made of others (`has_parts`).
    """
    if operation in RULES:
        return RULES[operation]
    if pointwise:
        return unit_by_unit
    return None if has_parts else unknown


def unknown(call):
    raise Lost("is an operation without a rule for receptive fields")


def enlarging(call):
    raise Lost("enlarges the map, and the fields of its units are no longer alike")


def unit_by_unit(call):
    """Each unit reads the unit at its place, in one map or in several."""
    spots = [spot for spot in call.spots if spot is not None]
    if spots.count(spots[0]) == len(spots):
        return spots[0]
    first = max(spots, key=lambda spot: sum(len(axes_in(factors)) for factors in spot.layout))
    for spot in spots:
        for ours, theirs in zip(reversed(first.layout), reversed(spot.layout), strict=False):
            if axes_in(theirs) not in ([], axes_in(ours)):
                raise Lost("merges maps whose axes lie in different dimensions")
    uneven = any(spot.uneven for spot in spots)
    return Spot(call.graph.merged(call.name, spots), _fitted(first.layout, call.shape), uneven)


def _fitted(layout, shape):
    """The layout after broadcasting: dimensions with axes stay, the others take their size from the shape."""
    layout = ((),) * (len(shape) - len(layout)) + tuple(layout)
    return tuple(f if axes_in(f) else plain(n) for f, n in zip(layout, shape, strict=True))


def convolution(call):
    spot = call.spot
    if call.operation == "convolution":
        stride, padding, dilation, transposed = call.args[3:7]
        if transposed:
            return enlarging(call)
    else:
        stride, padding, dilation = (call.argument(place, d) for place, d in ((3, 1), (4, 0), (5, 1)))
    axes = call.args[1].ndim - 2
    spot = _summed(call, spot, axes_in(spot.layout[-axes - 1]))
    return _windows(call, spot, call.args[1].shape[2:], stride, padding, dilation)


def max_pooling(call):
    kernel, stride, padding, dilation, ceil_mode = (
        call.argument(place, default) for place, default in ((1, None), (2, None), (3, 0), (4, 1), (5, False))
    )
    return _pooled(call, kernel, stride, padding, dilation, ceil_mode)


def average_pooling(call):
    kernel, stride, padding, ceil_mode = (
        call.argument(place, default) for place, default in ((1, None), (2, None), (3, 0), (4, False))
    )
    return _pooled(call, kernel, stride, padding, 1, ceil_mode)


def _pooled(call, kernel, stride, padding, dilation, ceil_mode):
    axes = int(call.operation.partition("d_")[0].rstrip("d")[-1])  # max_pool2d_with_indices: 2
    kernel = _each(kernel, axes)
    return _windows(call, call.spot, kernel, stride or kernel, padding, dilation, ceil_mode)


def _each(value, axes):
    if isinstance(value, (int, str)):
        return (value,) * axes
    return tuple(value) * axes if len(value) == 1 else tuple(value)


def _windows(call, spot, kernel, stride, padding, dilation, ceil_mode=False):
    """Windows along the last dimensions; those that hold channels mix channels and change no field."""
    axes = len(kernel)
    windows = list(zip(kernel, *(_each(value, axes) for value in (stride, padding, dilation)), strict=True))
    if spot.uneven:
        if all(Window(*window) == STILL for window in windows):
            return spot._replace(layout=_fitted(spot.layout, call.shape))
        raise Lost("reads a map whose units see windows that are not alike")
    sizes, found = call.graph.sizes[spot.node], [STILL] * len(call.graph.sizes[0])
    layout = list(spot.layout)
    for dimension, window in zip(range(-axes, 0), windows, strict=True):
        axis = only(layout[dimension])
        last = dimension + len(sizes)
        if axis is None and not layout[dimension] and last >= 0 and sizes[last] == 1:
            axis = last  # an axis that has shrunk to one cell, in its usual place
            layout[dimension] = ((1, axis),)
        if axis is not None:
            found[axis] = Window(*window)
    node = call.graph.windows(call.name, spot.node, found, bool(ceil_mode))
    return Spot(node, _shrunk(call, node, layout))


def _shrunk(call, node, layout):
    """The layout of a node with the sizes of the result; raises Lost where node and result disagree."""
    sizes, new = call.graph.sizes[node], []
    for factors, n in zip(layout, call.shape, strict=True):
        axis = only(factors)
        if axis is not None and sizes[axis] != n:
            raise Lost("gives a map of another size than its windows say")
        new.append(plain(n) if axis is None else ((n, axis),) if n > 1 else ())
    return tuple(new)


def adaptive_pooling(call):
    """Windows that divide the map evenly, or else uneven ones."""
    spot = call.spot
    axes = len(_each(call.args[1], int(call.operation.rpartition("d")[0][-1])))
    sizes, found = call.graph.sizes[spot.node], [STILL] * len(call.graph.sizes[0])
    uneven = spot.uneven
    for dimension in range(-axes, 0):
        n, axis = call.shape[dimension], only(spot.layout[dimension])
        if axis is None:
            continue
        if (spot.uneven and n > 1) or sizes[axis] % n:
            uneven = True
        elif n < sizes[axis]:
            found[axis] = Window(sizes[axis] // n, sizes[axis] // n if n > 1 else 1)  # one window has no stride
    if not uneven:
        return _at_windows(call, spot, found)
    if all(n == 1 for n in call.shape[-axes:]):
        return _summed(call, spot, [axis for factors in spot.layout[-axes:] for axis in axes_in(factors)])
    layout = tuple(
        ((n, only(f)),) if axes_in(f) and n > 1 else plain(n) for f, n in zip(spot.layout, call.shape, strict=True)
    )
    return Spot(spot.node, layout, uneven=True)


def _at_windows(call, spot, windows):
    node = call.graph.windows(call.name, spot.node, windows)
    return Spot(node, _shrunk(call, node, spot.layout))


def _summed(call, spot, axes):
    """The spot after everything along some axes went into each unit."""
    if not axes:
        return spot
    everywhere = {axis for factors in spot.layout for axis in axes_in(factors)}
    if spot.uneven and everywhere - set(axes):
        raise Lost("reads a map whose units see windows that are not alike")
    return Spot(call.graph.whole(call.name, spot.node, axes), without(spot.layout, axes))


def reduction(call):
    """mean, sum, max over some dimensions (over all of them where none is given)."""
    spot = call.spot
    given = call.argument(1, None)
    given = [given] if isinstance(given, int) else given
    dimensions = {d % len(spot.layout) for d in given} if given else set(range(len(spot.layout)))
    spot = _summed(call, spot, [axis for d in dimensions for axis in axes_in(spot.layout[d])])
    kept = len(call.shape) == len(spot.layout)
    layout = [() if d in dimensions else factors for d, factors in enumerate(spot.layout)]
    return spot._replace(layout=tuple(f for d, f in enumerate(layout) if kept or d not in dimensions))


def over_dimension(call):
    """softmax and the like: every unit depends on all units along a dimension."""
    return _normalized(call, [call.args[1]])


def layer_norm(call):
    return _normalized(call, range(-len(call.args[1]), 0))


def group_norm(call):
    return _normalized(call, range(1, len(call.shape)))


def instance_norm(call):
    takes_own_mean = call.argument(5, True)
    return _normalized(call, range(2, len(call.shape)) if takes_own_mean else ())


def _normalized(call, dimensions):
    spot = call.spot
    axes = [axis for d in dimensions for axis in axes_in(spot.layout[d])]
    if not axes or spot.uneven:
        return spot
    whole = call.graph.whole(call.name, spot.node, axes)
    return spot._replace(node=call.graph.merged(call.name, [spot, spot._replace(node=whole)]))


def matrix_product(call):
    """A dense layer reads everything along the last dimension; a product of two maps (attention) reads all of both."""
    spots = [spot for spot in call.spots if spot is not None]
    if len(spots) == 1:
        left = 1 if call.operation in ("addmm", "baddbmm") else 0
        if call.spots.index(spots[0]) != left:
            raise Lost("multiplies weights by the picture from the other side")
        spot = _summed(call, spots[0], axes_in(spots[0].layout[-1]))
        return spot._replace(layout=(*spot.layout[:-1], plain(call.shape[-1])))
    node = call.graph.merged(call.name, spots)
    if any(spot.uneven for spot in spots):
        node = call.graph.whole(call.name, node, range(len(call.graph.sizes[0])))
        return Spot(node, tuple(plain(n) for n in call.shape))
    return Spot(node, tuple(plain(n) for n in call.shape), uneven=True)


def attention(call):
    spots = [spot for spot in call.spots if spot is not None]
    node = call.graph.merged(call.name, spots)
    node = call.graph.whole(call.name, node, range(len(call.graph.sizes[0])))
    return Spot(node, tuple(plain(n) for n in call.shape))


def reshaping(call):
    return call.spot._replace(layout=reshaped(call.spot.layout, call.shape))


def permuting(call):
    order = [d % len(call.shape) for d in call.args[1]]
    return call.spot._replace(layout=tuple(call.spot.layout[d] for d in order))


def transposing(call):
    layout = list(call.spot.layout)
    one, other = (call.args[1], call.args[2]) if len(call.args) > 2 else (0, -1)
    layout[one], layout[other] = layout[other], layout[one]
    return call.spot._replace(layout=tuple(layout))


def spreading(call):
    return call.spot._replace(layout=_fitted(call.spot.layout, call.shape))


def joining(call):
    """Branches side by side along a dimension that holds no axis of the picture."""
    along = call.argument(1, 0)
    spots = [spot for spot in call.spots if spot is not None]
    if any(axes_in(spot.layout[along]) for spot in spots):
        raise Lost("puts maps side by side along an axis of the picture")
    layout = list(unit_by_unit(call._replace(spots=spots)).layout)
    layout[along] = plain(call.shape[along])
    merged = unit_by_unit(call) if len(spots) > 1 else spots[0]
    return merged._replace(layout=tuple(layout))


def cutting(call):
    """Part of the channels; along an axis of the picture every n-th unit from the first one on."""
    spot = call.spot
    along = call.argument(1 if call.operation == "slice" else 2, 0)
    start, _, step = (call.argument(place, default) for place, default in ((2, 0), (3, None), (4, 1)))
    axis = only(spot.layout[along])
    layout = list(spot.layout)
    if axis is None:
        layout[along] = plain(call.shape[along])
        return spot._replace(layout=tuple(layout))
    n = spot.layout[along][0][0]
    if call.shape[along] == n:
        return spot
    if call.operation != "slice" or start or spot.uneven or call.shape[along] != -(-n // step):
        raise Lost("cuts out a part of the map")
    return _at_windows(call, spot, [Window(1, step) if a == axis else STILL for a in range(len(call.graph.sizes[0]))])


def choosing(call):
    """Some of the channels, by a list of their numbers."""
    spot = call.spots[0]
    along = [dimension for dimension, index in enumerate(call.args[1]) if index is not None]
    if any(call.spots[1:]) or len(along) != 1 or call.args[1][along[0]].ndim != 1 or axes_in(spot.layout[along[0]]):
        raise Lost("picks out a part of the map")
    return spot._replace(layout=_fitted([f if d != along[0] else () for d, f in enumerate(spot.layout)], call.shape))


def padding(call):
    cells = call.args[1]
    pairs = [tuple(cells[i : i + 2]) for i in range(0, len(cells), 2)][::-1]
    if min(cells) < 0:
        raise Lost("cuts off the map's edge")
    return _windows(call, call.spot, (1,) * len(pairs), 1, pairs, 1)


def _named(rule, names):
    return dict.fromkeys(names.split(), rule)


RULES = (
    _named(convolution, "conv1d conv2d conv3d convolution _convolution")
    | _named(
        enlarging,
        "conv_transpose1d conv_transpose2d conv_transpose3d upsample_nearest1d upsample_nearest2d upsample_nearest3d "
        "upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d upsample_linear1d pixel_shuffle max_unpool2d",
    )
    | _named(
        max_pooling,
        "max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices",
    )
    | _named(average_pooling, "avg_pool1d avg_pool2d avg_pool3d")
    | _named(
        adaptive_pooling,
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d "
        "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
    )
    | _named(reduction, "mean sum amax amin max min var std var_mean std_mean norm linalg_vector_norm argmax")
    | _named(over_dimension, "softmax _softmax log_softmax _log_softmax cumsum logsumexp")
    | _named(layer_norm, "layer_norm native_layer_norm rms_norm")
    | _named(group_norm, "group_norm native_group_norm")
    | _named(instance_norm, "instance_norm")
    | _named(
        unit_by_unit,
        "batch_norm native_batch_norm _native_batch_norm_legit_no_training dropout dropout2d feature_dropout "
        "alpha_dropout clone contiguous _to_copy to detach alias lift_fresh hardtanh relu6 prelu _prelu_kernel copy "
        "type_as softplus rrelu where fill masked_fill",
    )
    | _named(matrix_product, "linear addmm mm matmul bmm baddbmm")
    | _named(attention, "scaled_dot_product_attention _scaled_dot_product_flash_attention_for_cpu")
    | _named(reshaping, "view reshape flatten unflatten squeeze unsqueeze _unsafe_view _reshape_alias view_as")
    | _named(permuting, "permute")
    | _named(transposing, "transpose t swapaxes")
    | _named(spreading, "expand expand_as broadcast_to")
    | _named(joining, "cat concat concatenate")
    | _named(cutting, "slice split split_with_sizes chunk")
    | _named(choosing, "index")
    | _named(
        padding,
        "pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d "
        "replication_pad3d",
    )
)

# Operations that only look at the numbers from another side: no row of their own.
VIEWS = frozenset(
    name for name, rule in RULES.items() if rule in (reshaping, permuting, transposing, spreading, cutting, choosing)
) | {
    "clone",
    "contiguous",
    "_to_copy",
    "to",
    "detach",
    "alias",
    "lift_fresh",
    "select",
    "unbind",
    "movedim",
    "as_strided",
}
