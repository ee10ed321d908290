"""Pictures to work on: embedded photographs and digits, worked examples, drawn patterns, and a learner's own file.

Pictures are uint8 arrays, rows first: (height, width) in grey, (height, width, 3) in colour (red, green, blue).
The patterns come from `cnnlab.core.patterns`, the worked examples from `cnnlab.core.worked`, and `load` from
`cnnlab.core.picture_file`; all are reachable from here.

The photographs were cropped and scaled; two of them require their author's name wherever they are shown:
`PICTURES[name].credit` and `.licence` hold it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnlab.core import checks
from cnnlab.core.patterns import bar, bars, checkerboard, grating, impulse, ramp, shape, step_edge
from cnnlab.core.picture_file import LoadedPicture, load
from cnnlab.core.worked import SIZES, WORKED, Worked, WorkedSize

__all__ = [
    "PICTURES",
    "SIZES",
    "WORKED",
    "LoadedPicture",
    "Picture",
    "Worked",
    "WorkedSize",
    "bar",
    "bars",
    "checkerboard",
    "grating",
    "grey",
    "impulse",
    "load",
    "names",
    "picture",
    "ramp",
    "resized",
    "shape",
    "square",
    "step_edge",
]

DATA = Path(__file__).with_name("data") / "pictures.npz"  # written by tools/make_pictures.py


@dataclass(frozen=True)
class Picture:
    """About an embedded picture: what it shows, its side in pixels, its largest value, who made it and the licence."""

    name: str
    note: str
    side: int
    colour: bool
    credit: str
    licence: str
    white: int = 255


def _catalogue():
    cc0, public, by = "CC0 1.0", "public domain", "CC BY 2.0"
    yield Picture("Cat", "Chelsea the cat", 256, True, "Stéfan van der Walt", cc0)
    yield Picture("Astronaut", "Eileen Collins", 256, True, "NASA", public)
    yield Picture("Photographer", "a man with a camera", 256, False, "Lav Varshney", cc0)
    yield Picture("Coffee", "a cup of espresso", 256, True, "Rachel Michetti", cc0)
    yield Picture("Rocket", "Falcon 9 before its launch", 256, True, "SpaceX", public)
    yield Picture("Pagoda", "a pagoda by a lake", 256, True, "danielbuechele, flickr.com", by)
    yield Picture("Flower", "a dahlia", 256, True, "vultilion, flickr.com", by)
    yield Picture("Coins", "Greek coins from Pompeii", 256, False, "Brooklyn Museum", "no known restrictions")
    yield Picture("Brick", "a brick wall", 128, False, "CC0Textures", cc0)
    yield Picture("Grass", "grass from above", 128, False, "CC0Textures", cc0)
    yield Picture("Gravel", "gravel from above", 128, False, "CC0Textures", cc0)
    yield Picture("Handwriting", "formulas on paper", 128, False, "Wikipedia, File:Corner.png", public)
    for label in range(10):
        credit = "E. Alpaydin & C. Kaynak, UCI Optical Recognition of Handwritten Digits"
        yield Picture(f"Digit {label}", "a handwritten digit", 8, False, credit, "CC BY 4.0", white=16)


PICTURES = {entry.name: entry for entry in _catalogue()}


def names():
    """Names of the embedded pictures, in the order of a menu.

    >>> names()[:3]
    ('Cat', 'Astronaut', 'Photographer')
    """
    return tuple(PICTURES)


def picture(name, size=None, colour=False):
    """An embedded picture as a square uint8 array: (size, size), or (size, size, 3) with `colour=True`.

    Parameters
    ----------
    name : str
        one of `names()`, upper or lower case
    size : int, optional
        side in pixels, at most `PICTURES[name].side`, which is the default; smaller ones are averaged over areas
    colour : bool
        False gives brightness (see `grey`), True repeats a grey picture in all three colours

    Values run from 0 to 255, those of the digits from 0 to 16.

    >>> picture("cat", size=64).shape, picture("cat", colour=True).shape, picture("digit 3").shape
    ((64, 64), (256, 256, 3), (8, 8))
    """
    about = _about(name)
    colour = checks.flag("colour", colour)
    size = about.side if size is None else checks.integer("size", size, 1)
    if size > about.side:
        checks.refuse("size", size, f"must be at most {about.side}, the side of {about.name}")
    pixels = _stored(about.name.lower())
    if pixels.ndim == 3 and not colour:
        pixels = grey(pixels)
    elif pixels.ndim == 2 and colour:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return resized(pixels, size, size)


def _about(name):
    wanted = name.casefold() if isinstance(name, str) else None
    for known, about in PICTURES.items():
        if known.casefold() == wanted:
            return about
    checks.refuse("name", name, "must be one of " + ", ".join(PICTURES))


def _stored(key):
    """Pixels are stored as differences between neighbours: add them up again."""
    with np.load(DATA) as file:
        pixels = file[key].cumsum(axis=1, dtype=np.uint8).cumsum(axis=0, dtype=np.uint8)
    if pixels.ndim == 3:
        pixels[..., ::2] += pixels[..., 1:2]
    return pixels


def grey(image):
    """Brightness of a uint8 colour picture (height, width, 3): 0.299 R + 0.587 G + 0.114 B, rounded to uint8.

    A grey picture (height, width) is given back as it is. Source: ITU-R BT.601.

    >>> grey(np.full((1, 1, 3), [255, 0, 0], np.uint8))
    array([[76]], dtype=uint8)
    """
    image = _checked_picture(image)
    if image.ndim == 2:
        return image
    return ((image @ np.array([299, 587, 114]) + 500) // 1000).astype(np.uint8)


def square(image, size):
    """The middle square of a uint8 picture, brought to size x size pixels.

    >>> square(np.zeros((100, 300), np.uint8), 32).shape
    (32, 32)
    """
    image = _checked_picture(image)
    size = checks.integer("size", size, 1)
    checks.workspace("size", size, 8 * 8 * size**2)
    side = min(image.shape[:2])
    top, left = ((length - side) // 2 for length in image.shape[:2])
    return resized(image[top : top + side, left : left + side], size, size)


def resized(image, height, width):
    """A uint8 picture averaged over areas: each new pixel is the mean of the part of the old picture it covers.

    >>> resized(np.array([[0, 100, 200, 200]], np.uint8), 1, 2)
    array([[ 50, 200]], dtype=uint8)
    """
    image = _checked_picture(image)
    height, width = checks.integer("height", height, 1), checks.integer("width", width, 1)
    if (height, width) == image.shape[:2]:
        return image.copy()
    channels = image.shape[2:]
    worst = max(height, image.shape[0]) * max(width, image.shape[1]) * (channels[0] if channels else 1)
    weights = height * image.shape[0] + width * image.shape[1]
    checks.workspace("height, width", (height, width), 8 * (2 * worst + weights))
    rows, columns = _area_weights(image.shape[0], height), _area_weights(image.shape[1], width)
    planes = np.moveaxis(image.reshape(*image.shape[:2], -1), 2, 0).astype(np.float64)
    averaged = np.moveaxis(rows @ planes @ columns.T, 0, 2)
    return np.floor(averaged + 0.5).astype(np.uint8).reshape(height, width, *channels)


def _area_weights(old, new):
    """(new, old): how much of each old cell lies under each new one, in shares of the new cell."""
    edges = np.arange(new + 1) * old  # in units of 1/new of an old cell, so that whole numbers do
    starts, ends = edges[:-1, None], edges[1:, None]
    cells = np.arange(old) * new
    return np.clip(np.minimum(ends, cells + new) - np.maximum(starts, cells), 0, None) / old


def _checked_picture(image):
    image = checks.array("image", image, (2, 3))
    if image.dtype != np.uint8:
        checks.refuse("image.dtype", image.dtype.name, "must be uint8, values from 0 to 255")
    if image.ndim == 3 and image.shape[2] != 3:
        checks.refuse("image.shape", image.shape, "must be (height, width) or (height, width, 3)")
    return image
