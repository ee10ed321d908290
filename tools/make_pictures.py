"""Write cnnlab/core/data/pictures.npz from the photographs that scikit-image and scikit-learn ship.

Run `python tools/make_pictures.py` after changing a crop; the package itself needs neither library. Names, credits and
licences stand in cnnlab/core/images.py. Pixels are stored as differences between neighbours, which compress to about
two thirds; `images.picture` adds them up again.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_digits, load_sample_image

TARGET = Path(__file__).parents[1] / "cnnlab" / "core" / "data" / "pictures.npz"

# name: (pixels, left, top and side of the square shown, side stored)
CROPS = {
    "cat": (data.chelsea, 66, 0, 300, 256),
    "astronaut": (data.astronaut, 0, 0, 512, 256),
    "photographer": (data.camera, 0, 0, 512, 256),
    "coffee": (data.coffee, 80, 0, 400, 256),
    "rocket": (data.rocket, 106, 0, 427, 256),
    "pagoda": (lambda: load_sample_image("china.jpg"), 0, 0, 427, 256),
    "flower": (lambda: load_sample_image("flower.jpg"), 150, 60, 320, 256),
    "coins": (data.coins, 0, 0, 303, 256),
    "brick": (data.brick, 0, 0, 384, 128),
    "grass": (data.grass, 0, 0, 256, 128),
    "gravel": (data.gravel, 0, 0, 256, 128),
    "handwriting": (data.text, 4, 0, 172, 128),
}


def square(pixels, left, top, side, size):
    crop = Image.fromarray(pixels[top : top + side, left : left + side])
    assert crop.size == (side, side)
    return np.asarray(crop.resize((size, size), Image.Resampling.BOX if side % size == 0 else Image.Resampling.LANCZOS))


def differences(pixels):
    """Undone by adding up along axis 1, then axis 0; for colours the green is taken from red and blue first."""
    if pixels.ndim == 3:
        pixels = pixels.copy()
        pixels[..., ::2] -= pixels[..., 1:2]
    return np.diff(np.diff(pixels, axis=0, prepend=np.uint8(0)), axis=1, prepend=np.uint8(0))


def main():
    pictures = {name: differences(square(source(), *crop)) for name, (source, *crop) in CROPS.items()}
    digits = load_digits()
    for label in range(10):
        first = digits.images[digits.target == label][0]
        pictures[f"digit {label}"] = differences(first.astype(np.uint8))
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(TARGET, **pictures)
    print(f"{TARGET.name}: {len(pictures)} pictures, {TARGET.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
