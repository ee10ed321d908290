"""Drawn test pictures: uint8 arrays (size, size) from 0 (dark) to 255 (light).

Angles are degrees counter-clockwise from horizontal as one looks at the picture; lengths are in pixels. Soft edges
come from area: a pixel that a shape covers by half is half light.
"""

import math

import numpy as np

from cnnlab.core import checks

SHAPES = ("disc", "ring", "square", "diamond", "triangle", "cross")


def impulse(size, position=None, value=255):
    """One light pixel on dark, at `position` (row, column), by default the middle: shows the kernel itself.

    >>> impulse(3, value=1)
    array([[0, 0, 0],
           [0, 1, 0],
           [0, 0, 0]], dtype=uint8)
    """
    picture = _canvas(size)
    position = (picture.shape[0] // 2,) * 2 if position is None else checks.per_axis("position", position, 2, 0)
    if max(position) >= picture.shape[0]:
        checks.refuse("position", position, f"must lie in the picture, from 0 to {picture.shape[0] - 1}")
    picture[position] = _brightness(value)
    return picture


def step_edge(size, angle=90.0, low=0, high=255):
    """Two flat halves, `low` and `high`, with an edge at `angle` through the middle.

    >>> step_edge(4)[0]
    array([  0,   0, 255, 255], dtype=uint8)
    """
    _, across = _along_across(size, angle)
    return _mix(np.clip(across + 0.5, 0, 1), low, high)


def ramp(size, angle=0.0):
    """Brightness that grows evenly from 0 to 255 in the direction `angle`: 0 to the right, 90 upward.

    >>> ramp(4)[0]
    array([  0,  85, 170, 255], dtype=uint8)
    """
    along, _ = _along_across(size, angle)
    low, high = along.min(), along.max()
    return _mix((along - low) / ((high - low) or 1))


def bar(size, width=2.0, angle=90.0, offset=0.0):
    """One light bar at `angle`, `width` pixels wide, `offset` pixels from the middle: Hubel & Wiesel's stimulus.

    >>> bar(5, width=1)[0]
    array([  0,   0, 255,   0,   0], dtype=uint8)
    """
    _, across = _along_across(size, angle)
    half = checks.positive("width", width) / 2
    return _mix(np.clip(half - abs(across - checks.number("offset", offset)) + 0.5, 0, min(2 * half, 1)))


def bars(size, period=8.0, angle=90.0):
    """Light and dark bars of equal width at `angle`; one of each takes `period` pixels.

    >>> bars(8, period=4)[0]
    array([255, 255,   0,   0, 255, 255,   0,   0], dtype=uint8)
    """
    period = checks.positive("period", period)
    _, across = _along_across(size, angle)
    return _mix(_turns("period", period, across - across.min() + 0.5) % 1 < 0.5)


def grating(size, wavelength=8.0, angle=90.0, phase=0.0, contrast=1.0):
    """A sine wave of brightness around mid-grey, its stripes at `angle`; `phase` in degrees, `contrast` 0 to 1.

    >>> grating(4, wavelength=4, phase=45)[0]
    array([128, 255, 128,   0], dtype=uint8)
    """
    wavelength = checks.positive("wavelength", wavelength)
    contrast = checks.within("contrast", contrast, 0, 1)
    _, across = _along_across(size, angle)
    turns = _turns("wavelength", wavelength, across)
    wave = np.cos(2 * math.pi * turns + math.radians(checks.number("phase", phase)))
    return _mix(0.5 + 0.5 * contrast * wave)


def checkerboard(size, cell=8):
    """Squares of `cell` pixels, dark and light in turn, the first one dark.

    >>> checkerboard(4, cell=2)[0]
    array([  0,   0, 255, 255], dtype=uint8)
    """
    picture = _canvas(size)
    index = np.arange(picture.shape[0]) // min(checks.integer("cell", cell, 1), picture.shape[0])
    return picture + np.uint8(255) * ((index[:, None] + index) % 2).astype(np.uint8)


def shape(size, kind="disc", radius=None, center=None):
    """A light shape on dark: "disc", "ring", "square", "diamond", "triangle" or "cross".

    `radius` is half its height in pixels, by default 3/8 of the size; `center` (row, column) may be fractional and
    is by default the middle.

    >>> shape(5, "square", radius=1)[2]
    array([  0, 128, 255, 128,   0], dtype=uint8)
    """
    checks.choice("kind", kind, SHAPES)
    side = _canvas(size).shape[0]
    radius = checks.positive("radius", side * 3 / 8 if radius is None else radius)
    row, column = _center(center, side)
    y, x = np.arange(side)[:, None] - row, np.arange(side) - column
    distance = {
        "disc": lambda: np.hypot(x, y) - radius,
        "ring": lambda: abs(np.hypot(x, y) - 0.75 * radius) - 0.25 * radius,
        "square": lambda: np.maximum(abs(x), abs(y)) - radius,
        "diamond": lambda: abs(x) + abs(y) - radius,
        "triangle": lambda: np.maximum(abs(x) * 0.9 - (y + radius) * 0.45, y - radius),
        "cross": lambda: np.maximum(np.minimum(abs(x), abs(y)) - radius / 4, np.maximum(abs(x), abs(y)) - radius),
    }[kind]()
    return _mix(np.clip(0.5 - distance, 0, 1))


def _center(center, side):
    if center is None:
        return (side - 1) / 2, (side - 1) / 2
    if not checks.is_sequence(center) or len(center) != 2:
        checks.refuse("center", center, "must be a pair (row, column)")
    return tuple(checks.number("center", entry) for entry in center)


def _canvas(size):
    size = checks.integer("size", size, 1)
    checks.workspace("size", size, 6 * 8 * size**2)
    return np.zeros((size, size), np.uint8)


def _along_across(size, angle):
    """Distance of each pixel's centre from the middle along the direction `angle`, and to the right of it."""
    side = _canvas(size).shape[0]
    angle = math.radians(checks.number("angle", angle) % 360)
    sine, cosine = round(math.sin(angle), 12), round(math.cos(angle), 12)
    x = np.arange(side) - (side - 1) / 2
    y = -x[:, None]  # rows count downward, angles upward
    return x * cosine + y * sine, x * sine - y * cosine


def _turns(parameter, length, distance):
    """How many times `length` goes into each distance."""
    with np.errstate(over="ignore"):
        turns = distance / length
    if not np.isfinite(turns).all():
        checks.refuse(parameter, length, "is too short to count how often it repeats")
    return turns


def _brightness(value, parameter="value"):
    value = checks.integer(parameter, value, 0)
    if value > 255:
        checks.refuse(parameter, value, "must be at most 255")
    return value


def _mix(share, low=0, high=255):
    """Brightness from `low` where `share` is 0 to `high` where it is 1, rounded."""
    low, high = _brightness(low, "low"), _brightness(high, "high")
    return np.floor(low + np.asarray(share, np.float64) * (high - low) + 0.5).astype(np.uint8)
