"""The fast way from an array to a picture: colour map, then PNG by Pillow, well under a millisecond.

The colours are those of widgets/js/colours.js; a test compares them.
"""

import io

import numpy as np
from PIL import Image

GAP = (128, 128, 128)  # where there is no number
GREY = [(0, 0, 0), (255, 255, 255)]
# Blue below zero, white at zero, red above: told apart by colour-blind eyes as well.
SIGNED = [
    (5, 48, 97),
    (33, 102, 172),
    (103, 169, 207),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 199),
    (239, 138, 98),
    (178, 24, 43),
    (103, 0, 31),
]


def ramp(anchors):
    """256 colours between the anchors, as a (256, 3) uint8 array."""
    place = np.linspace(0, len(anchors) - 1, 256)
    channels = np.transpose(anchors)
    return np.rint(np.transpose([np.interp(place, range(len(anchors)), c) for c in channels])).astype(np.uint8)


MAPS = {"grey": ramp(GREY), "signed": ramp(SIGNED)}


def colours(array, scale="grey", low=None, high=None):
    """The (rows, columns, 3) uint8 colours of a 2-D array.

    scale : "grey" from `low` to `high`, or "signed" from -high to high; both follow the data where they are not given;
        NaN, where there is no number, becomes a middle grey
    """
    array = np.asarray(array, np.float64)
    if scale == "signed":
        high = np.nanmax(abs(array)) if high is None else high
        low = -high
    low, high = np.nanmin(array) if low is None else low, np.nanmax(array) if high is None else high
    share = np.nan_to_num((array - low) / ((high - low) or 1))
    painted = MAPS[scale][np.floor(np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8)]
    painted[np.isnan(array)] = GAP
    return painted


def enlarged(arrays, least=24):
    """Each cell of (N, rows, cols) as a square of cells, so that the gaps between small arrays stay thin."""
    factor = -(-least // np.shape(arrays)[-1])
    return np.kron(arrays, np.ones((1, factor, factor)))


def tiles(arrays, columns, gap=1):
    """Several arrays of one size (N, rows, cols) beside and below each other, with NaN between them."""
    arrays = np.asarray(arrays, np.float64)
    count, height, width = arrays.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    for number, array in enumerate(arrays):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = array
    return sheet


def png(array, scale="grey", low=None, high=None):
    """The same as the bytes of a PNG file, one pixel a cell; the page enlarges it.

    A uint8 array (rows, columns, 3) is a colour picture already and painted as it is.
    """
    target = io.BytesIO()
    pixels = array if np.ndim(array) == 3 else colours(array, scale, low, high)
    Image.fromarray(pixels).save(target, "PNG", compress_level=1)
    return target.getvalue()
