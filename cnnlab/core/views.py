"""The same thing seen otherwise: a picture moved, scaled, turned, relit or covered, and how far apart pixels then are.

What a person hardly notices changes most pixels: comparing them one by one says little about what pictures show.
Source: Padova ML 2024/25, lecture 26 (viewpoint, scale, occlusion, illumination).
"""

import math

import numpy as np

from cnnlab.core import checks

COVER = 128  # the grey of what hides the middle


def changed(image, *, right=0, down=0, scale=1.0, angle=0.0, light=1.0, cover=0):
    """A square uint8 picture seen otherwise, same shape; done in the order of the parameters.

    Parameters
    ----------
    image : uint8 array (size, size) or (size, size, 3)
    right, down : float
        pixels that it moves; what enters at a border repeats the last row or column
    scale : float
        above 0; 2 doubles what stands in the middle
    angle : float
        degrees it turns counter-clockwise about the middle of the moved picture
    light : float
        0 or more; every value times this, cut off at 255
    cover : int
        side in pixels of a grey square over the middle; 0 for none

    Between pixels the four nearest are mixed by their distance (bilinear), the result is rounded.

    >>> changed(np.array([[1, 2, 3]] * 3, np.uint8), right=1)[0]
    array([1, 1, 2], dtype=uint8)
    """
    image = _square(image)
    size = image.shape[0]
    scale, light = checks.positive("scale", scale), checks.number("light", light)
    if light < 0:
        checks.refuse("light", light, "must be 0 or more")
    cover = checks.integer("cover", cover, 0)
    if cover > size:
        checks.refuse("cover", cover, f"must be at most {size}, the side of the picture")
    right, down = checks.number("right", right), checks.number("down", down)
    turn = math.radians(checks.number("angle", angle) % 360)
    sine, cosine = (math.floor(part(turn) * 1e12 + 0.5) / 1e12 for part in (math.sin, math.cos))
    checks.workspace("image.shape", image.shape, 8 * 12 * image.size)
    middle = (size - 1) / 2
    x, y = np.arange(size) - middle - right, (np.arange(size) - middle - down)[:, None]
    with np.errstate(over="ignore"):
        across = np.clip((x * cosine - y * sine) / scale + middle, 0, size - 1)
        along = np.clip((x * sine + y * cosine) / scale + middle, 0, size - 1)
        mixed = _between(image.astype(np.float64), along, across) * light
    seen = np.floor(np.minimum(mixed, 255) + 0.5).astype(np.uint8)
    first = (size - cover) // 2
    seen[first : first + cover, first : first + cover] = COVER
    return seen


def _between(image, row, column):
    """Values of `image` at fractional places, mixed from the four pixels around each."""
    last = image.shape[0] - 1
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    bottom, far = np.minimum(top + 1, last), np.minimum(left + 1, last)
    extra = (1,) * (image.ndim - 2)
    low, near = (row - top).reshape(*row.shape, *extra), (column - left).reshape(*column.shape, *extra)
    above = image[top, left] * (1 - near) + image[top, far] * near
    below = image[bottom, left] * (1 - near) + image[bottom, far] * near
    return above * (1 - low) + below * low


def mean_squared(image, other):
    """The mean of the squared differences of two pictures of one shape, over all pixels and channels.

    >>> mean_squared(np.array([[0, 4]]), np.array([[0, 0]]))
    8.0
    """
    image, other = checks.array("image", image), checks.array("other", other)
    if image.shape != other.shape:
        checks.refuse("other.shape", other.shape, f"must be the shape of the first picture, {image.shape}")
    with np.errstate(over="ignore"):
        return float(np.mean((image.astype(np.float64) - other) ** 2))


def euclidean(image, other):
    """The straight-line distance of two pictures as points with one axis a value: root of the summed squares.

    >>> euclidean(np.array([[0, 3]]), np.array([[4, 0]]))
    5.0
    """
    return math.sqrt(mean_squared(image, other) * np.size(image))


def _square(image):
    image = checks.array("image", image, (2, 3))
    if image.dtype != np.uint8:
        checks.refuse("image.dtype", image.dtype.name, "must be uint8, values from 0 to 255")
    if image.shape[0] != image.shape[1] or (image.ndim == 3 and image.shape[2] != 3):
        checks.refuse("image.shape", image.shape, "must be (size, size) or (size, size, 3)")
    return image
