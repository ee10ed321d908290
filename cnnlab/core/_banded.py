"""The fast path of large filters that see one channel: the taps along a row as a banded matrix.

Such a filter gives a product of one row with the columns of `_engine`, which cost more to copy than to multiply.
Here a row of the image is cut into tiles of up to TILE results. One tile is its input cells times a band

    w0  0  0
    w1 w0  0
    w2 w1 w0      (three taps, three results)
     0 w2 w1
     0  0 w2

with as many bands below each other as the kernel has rows. Most of the products are with zeros, yet all tiles of a
channel share one band, and that product runs at full speed.
"""

import math

import numpy as np

from cnnlab.core import _windows, arithmetic

TILE = 16
FEWEST_TAPS = 20  # with fewer, columns cost less than bands
BLOCK_CELLS = 250_000  # of the input cells under tiles laid out for one call of the product
ONE_PROCESSOR = 125_000  # multiplications; OpenBLAS keeps a product of so few on one processor, beside the copies
MOST_FILTERS = 4  # on one channel; columns serve more of them well
MOST_ZEROS = 8  # cells of a band to one that is not zero
MOST_UNSEEN = 8  # rows between the rows of a kernel or of its neighbours, to one that is seen


def suits(weight, dtype, groups, shape):
    """Whether the kernels (M, C / groups, *kernel) of a layer, in the type `dtype`, are better laid out as bands."""
    _, reach = _tile(shape)
    return (
        dtype == np.float32  # in float64, with half the cells to a cache line, little or nothing is gained
        and weight.shape[1] == 1
        and weight.shape[0] <= MOST_FILTERS * groups
        and math.prod(shape.kernel) >= FEWEST_TAPS
        and reach <= MOST_ZEROS * shape.kernel[-1]
        and math.prod(map(max, shape.stride[:-1], shape.dilation[:-1])) <= MOST_UNSEEN
        and _tiles(shape) * _depth(shape) <= BLOCK_CELLS
    )


def workspace(weight, groups, shape):
    """The most cells that `fill` needs beside its arguments and its result."""
    tile, _ = _tile(shape)
    bands = min(groups, _places_at_once(weight.shape[0] // groups, shape)) * _depth(shape) * tile * MOST_FILTERS
    return 2 * bands + (1 + MOST_FILTERS + MOST_UNSEEN) * BLOCK_CELLS


def fill(padded, weight, shape, output):
    """Fill output (N, groups, M, *output) from padded (N, groups, *padded) and weight (groups, M, *kernel)."""
    tile, reach = _tile(shape)
    batch, groups, filters = output.shape[:3]
    tiles, width = _tiles(shape), shape.output[-1]
    buffers = _windows.Buffers(weight.dtype)
    cells = _places_at_once(filters, shape)
    banded = None
    for group, images, *rows in _windows.boxes((groups, batch, *shape.output[:-1]), cells):
        if group != banded:
            bands, banded = _bands(weight[group], shape, tile, reach), group
        seen = padded[(images, group, *_windows.under(rows, shape))]
        product = _product(_cut(seen, shape, tiles, tile, reach, buffers), bands, shape, buffers)
        product = product.reshape(*product.shape[:-1], filters, tile)  # (groups, N, tiles, *rows, M, tile)
        product = product.transpose(1, 0, -2, *range(3, product.ndim - 2), 2, -1)  # (N, groups, M, *rows, tiles, tile)
        result = output[(images, group, slice(None), *rows)]
        even = (tiles - 1) * tile
        result[..., :even].reshape(*result.shape[:-1], tiles - 1, tile)[...] = product[..., :-1, :]
        result[..., width - tile :] = product[..., -1, :]


def _bands(weight, shape, tile, reach):
    """The kernels of some groups (groups, M, *kernel) as matrices (groups, cells under a tile, M · tile)."""
    weight = np.moveaxis(weight, 1, -1)  # (groups, *kernel, M)
    bands = np.zeros((*weight.shape[:-2], reach, weight.shape[-1], tile), weight.dtype)
    down, along = bands.strides[-3], bands.strides[-1]
    strides = (*bands.strides[:-3], shape.dilation[-1] * down, bands.strides[-2], shape.stride[-1] * down + along)
    np.lib.stride_tricks.as_strided(bands, (*weight.shape, tile), strides)[...] = weight[..., None]
    return bands.reshape(len(bands), -1, bands.shape[-2] * tile)


def _cut(seen, shape, tiles, tile, reach, buffers):
    """The rows of seen (N, groups, *cells), cut into what lies under each tile: (groups, N, tiles, *cells, reach)."""
    batch, groups, *cells = seen.shape[:-1]
    size = (groups, batch, tiles, *cells, reach)
    spare = shape.kernel[0] * 2 * reach  # `_sheared` reads past the end
    cut = buffers("cut", (math.prod(size) + spare,))
    cut[-spare:] = 0
    cut = cut[:-spare].reshape(size)
    if tiles > 1:
        even = _windows.taps_first(seen, seen.ndim - 1, (reach,), (tile * shape.stride[-1],), (1,))
        cut[:, :, :-1] = even[..., : tiles - 1].transpose(1, 0, -1, *range(2, even.ndim - 1))
    last = (shape.output[-1] - tile) * shape.stride[-1]  # it may lie partly on the one before
    cut[:, :, -1] = seen[..., last : last + reach].swapaxes(0, 1)
    return cut


def _product(cut, bands, shape, buffers):
    """What lies under every tile times the bands of its channel: (groups, N, tiles, *rows, M · tile)."""
    side_by_side = len(shape.kernel) == 2 and shape.stride[0] == shape.dilation[0] == 1
    if side_by_side and cut.shape[3] <= 2 * (cut.shape[3] - shape.kernel[0] + 1):  # at most half is left out
        return _sheared(cut, bands, shape.kernel[0], buffers)
    axes = len(shape.kernel) - 1
    under = _windows.taps_first(cut, 3, shape.kernel[:-1], shape.stride[:-1], shape.dilation[:-1])
    under = np.moveaxis(under, range(3, 3 + axes), range(3 + axes, 3 + 2 * axes))  # (..., *rows, *kernel[:-1], reach)
    blocks = buffers("blocks", under.shape)
    np.copyto(blocks, under)
    rows = under.shape[: 3 + axes]
    product = buffers("product", (*rows, bands.shape[-1]))
    np.matmul(
        blocks.reshape(*rows[:3], -1, bands.shape[1]),
        bands[:, None, None],
        out=product.reshape(*rows[:3], -1, bands.shape[-1]),
    )
    return product


def _sheared(cut, bands, kernel, buffers):
    """`_product` without a copy, where the rows under one tile lie one after the other.

    Every `kernel`-th row starts a block that ends where the next one begins: a matrix. There are `kernel` of those,
    each a row further on. Blocks that run from one tile into the next are computed too, and left out.
    """
    groups, batch, tiles, cells, reach = cut.shape
    rows = -(-batch * tiles * cells // kernel)
    each, item = cut.strides[0], cut.itemsize
    strides = (each, reach * item, kernel * reach * item, item)
    blocks = np.lib.stride_tricks.as_strided(cut, (groups, kernel, rows, kernel * reach), strides, writeable=False)
    product = buffers("product", (groups, rows * kernel, bands.shape[-1]))
    np.matmul(blocks, bands[:, None], out=product.reshape(groups, rows, kernel, -1).swapaxes(1, 2))
    product = product[:, : batch * tiles * cells].reshape(groups, batch, tiles, cells, -1)
    return product[:, :, :, : cells - kernel + 1]


def _tile(shape):
    """(results of a tile, input cells under it) along a row."""
    width = shape.output[-1]
    tile = -(-width // -(-width // TILE))
    return tile, (tile - 1) * shape.stride[-1] + arithmetic.span(shape.kernel[-1], shape.dilation[-1])


def _tiles(shape):
    return -(-shape.output[-1] // _tile(shape)[0])


def _depth(shape):
    """How many input cells lie under a tile, over all rows of the kernel."""
    return math.prod(shape.kernel[:-1]) * _tile(shape)[1]


def _places_at_once(filters, shape):
    """How many rows of tiles, over channels and images, are worked on together."""
    places = BLOCK_CELLS // (_tiles(shape) * _depth(shape))
    rows = ONE_PROCESSOR // (_depth(shape) * filters * _tile(shape)[0])
    if rows < math.prod(shape.output[:-1]):  # no product is larger than one channel of one image
        places = min(places, rows)
    return max(1, places)
