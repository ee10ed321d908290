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
        blocks = _blocks(seen, shape, tiles, tile, reach, buffers)
        product = buffers("product", (*blocks.shape[:-1], bands.shape[-1]))
        np.matmul(
            blocks.reshape(*blocks.shape[:3], -1, blocks.shape[-1]),
            bands[:, None, None],
            out=product.reshape(*blocks.shape[:3], -1, bands.shape[-1]),
        )
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


def _blocks(seen, shape, tiles, tile, reach, buffers):
    """What lies under every tile of seen (N, groups, *cells): (groups, N, tiles, *rows, cells under a tile)."""
    batch, groups, *cells = seen.shape[:-1]
    cut = buffers("cut", (groups, batch, tiles, *cells, reach))
    if tiles > 1:
        even = _windows.taps_first(seen, seen.ndim - 1, (reach,), (tile * shape.stride[-1],), (1,))
        cut[:, :, :-1] = even[..., : tiles - 1].transpose(1, 0, -1, *range(2, even.ndim - 1))
    last = (shape.output[-1] - tile) * shape.stride[-1]  # it may lie partly on the one before
    cut[:, :, -1] = seen[..., last : last + reach].swapaxes(0, 1)
    axes = len(cells)
    under = _windows.taps_first(cut, 3, shape.kernel[:-1], shape.stride[:-1], shape.dilation[:-1])
    under = np.moveaxis(under, range(3, 3 + axes), range(3 + axes, 3 + 2 * axes))  # (..., *rows, *kernel[:-1], reach)
    blocks = buffers("blocks", under.shape)
    np.copyto(blocks, under)
    return blocks.reshape(*under.shape[: 3 + axes], -1)


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
