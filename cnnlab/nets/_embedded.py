"""Data sets that travel with the package or are drawn: uint8 images (N, C, H, W), labels, classes.

Sources, by way of scikit-learn and scikit-image (`tools/make_datasets.py` writes the files):
digits: E. Alpaydin & C. Kaynak, UCI Optical Recognition of Handwritten Digits, CC BY 4.0;
faces: 100 faces of Labeled Faces in the Wild (Huang et al. 2007) and 100 patches of its backgrounds;
textures: photographs of CC0Textures, CC0 1.0.

Results are kept: the tensors are shared, so nobody may write into them.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import torch

FILES = Path(__file__).with_name("embedded")
CROP, CROPS = 32, {"train": 600, "test": 200}  # pixels a side, and crops a photograph
SHAPES = ("circle", "square", "triangle", "cross", "ring")
COLOURS = {"red": (213, 40, 40), "green": (40, 160, 60), "blue": (50, 80, 210), "yellow": (230, 200, 40)}
PATTERNS = ("plain", "striped", "checked")
SHAPES_COUNT, SHAPES_SIDE = {"train": 3000, "test": 1000}, 32


def _stored(name):
    with np.load(FILES / f"{name}.npz") as file:
        return {key: file[key] for key in file}


def _tensors(images, labels):
    return torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(labels.astype(np.int64))


def _every_fifth(labels):
    """A mask of a random fifth of each class, the same every time."""
    mask = np.zeros(len(labels), bool)
    random = np.random.default_rng(0)
    for label in np.unique(labels):
        own = random.permutation(np.flatnonzero(labels == label))
        mask[own[: round(len(own) / 5)]] = True
    return mask


def _split(stored, split):
    mask = _every_fifth(stored["labels"]) == (split == "test")
    return stored["images"][mask][:, None], stored["labels"][mask]


@cache
def digits(split):
    """8x8, values 0 to 16 brought to 0 to 255. Both splits hold digits by the same writers."""
    images, labels = _split(_stored("digits"), split)
    return *_tensors(np.rint(images * (255 / 16)).astype(np.uint8), labels), tuple("0123456789")


@cache
def faces(split):
    """25x25 in grey: a face or none."""
    return *_tensors(*_split(_stored("faces"), split)), ("no face", "face")


@cache
def textures(split):
    """32x32 crops at random places of three photographs, for training from above a line, for testing from below it."""
    photographs = _stored("textures")
    random = np.random.default_rng(0 if split == "train" else 1)
    crops = []
    for pixels in photographs.values():
        border = 3 * len(pixels) // 4
        part = pixels[:border] if split == "train" else pixels[border:]
        windows = np.lib.stride_tricks.sliding_window_view(part, (CROP, CROP))
        rows, columns = (random.integers(0, length, CROPS[split]) for length in windows.shape[:2])
        crops.append(windows[rows, columns])
    labels = np.repeat(np.arange(len(photographs)), CROPS[split])
    return *_tensors(np.concatenate(crops)[:, None], labels), tuple(photographs)


@cache
def shapes(split):
    """32x32 in colour: one shape of any colour, pattern, size, place and angle on grey, and noise."""
    images, _, chosen = _scenes(split)
    return *_tensors(images, chosen["shape"]), SHAPES


@cache
def shapes_concepts(split):
    """Name of a shape, colour or pattern -> bool (N, 32, 32): the cells of the images that show it."""
    _, masks, chosen = _scenes(split)
    found = {}
    for kind, known in (("shape", SHAPES), ("colour", tuple(COLOURS)), ("pattern", PATTERNS)):
        for index, name in enumerate(known):
            found[name] = torch.from_numpy(masks & (chosen[kind] == index)[:, None, None])
    return found


@cache
def _scenes(split):
    """(images, masks of the shapes, what was chosen for each image)."""
    random = np.random.default_rng(2 if split == "train" else 3)
    count, side = SHAPES_COUNT[split], SHAPES_SIDE
    chosen = {
        "shape": np.arange(count) % len(SHAPES),
        "colour": random.integers(0, len(COLOURS), count),
        "pattern": random.integers(0, len(PATTERNS), count),
    }
    radius, angle = random.uniform(7, 12, count), random.uniform(0, 2 * math.pi, count)
    centres = random.uniform(radius, side - radius, (2, count))
    # Cell centres in units of each shape's radius, turned by its angle.
    cells = np.arange(side) + 0.5
    down, right = ((cells - centre[:, None]) / radius[:, None] for centre in centres)
    turned = (np.exp(1j * angle)[:, None, None] * (right[:, None, :] + 1j * down[:, :, None])).astype(np.complex64)
    x, y = turned.real, turned.imag
    masks = np.zeros(x.shape, bool)
    for index, inside in enumerate(INSIDE):
        own = chosen["shape"] == index
        masks[own] = inside(x[own], y[own])
    waves = np.sin(8 * x), np.sin(8 * y)
    dark = np.choose(chosen["pattern"][:, None, None], [False, waves[0] < 0, waves[0] * waves[1] < 0])
    colours = np.array([*COLOURS.values()], np.float32)[chosen["colour"]]
    ground = random.uniform(70, 190, (count, 1, 1, 1)).astype(np.float32)
    scene = np.where(masks[:, None], colours[:, :, None, None] * np.where(dark, 0.35, 1)[:, None], ground)
    scene += 12 * random.standard_normal(scene.shape, np.float32)
    return np.rint(scene).clip(0, 255).astype(np.uint8), masks, chosen


# Whether a place is inside each of SHAPES, in units of its radius; about equal areas, so that size tells little.
INSIDE = (
    lambda x, y: np.hypot(x, y) < 0.85,
    lambda x, y: np.maximum(abs(x), abs(y)) < 0.75,
    lambda x, y: (y > -0.5) & (np.sqrt(3) * abs(x) + y < 1),
    lambda x, y: (np.minimum(abs(x), abs(y)) < 0.3) & (np.maximum(abs(x), abs(y)) < 0.95),
    lambda x, y: (np.hypot(x, y) < 1) & (np.hypot(x, y) > 0.55),
)
MAKERS = {"digits": digits, "textures": textures, "faces": faces, "shapes": shapes}
