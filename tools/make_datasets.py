"""Write cnnlab/nets/embedded/*.npz: the small data sets that need no download.

Run `python tools/make_datasets.py`; the package itself needs neither scikit-image nor scikit-learn for them.
Sources and licences stand in cnnlab/nets/_embedded.py.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_digits

FOLDER = Path(__file__).parents[1] / "cnnlab" / "nets" / "embedded"
PHOTOGRAPHS = {"grass": data.grass, "brick": data.brick, "gravel": data.gravel}


def digits():
    """1,797 digits of 8x8 cells with values 0 to 16, in the original order: writer after writer."""
    found = load_digits()
    return {"images": found.images.astype(np.uint8), "labels": found.target.astype(np.uint8)}


def faces():
    """100 faces, then 100 patches without one, 25x25, as bytes."""
    patches = np.rint(data.lfw_subset() * 255).astype(np.uint8)
    return {"images": patches, "labels": np.repeat([1, 0], 100).astype(np.uint8)}


def textures():
    """Photographs of 512x512 halved to 256x256 and brought to one mean and spread: brightness must tell nothing."""
    photographs = {}
    for name, source in PHOTOGRAPHS.items():
        halved = np.asarray(Image.fromarray(source()).reduce(2), np.float64)
        photographs[name] = np.rint(128 + 48 * (halved - halved.mean()) / halved.std()).clip(0, 255).astype(np.uint8)
    return photographs


def main():
    FOLDER.mkdir(exist_ok=True)
    for make in (digits, faces, textures):
        path = FOLDER / f"{make.__name__}.npz"
        np.savez_compressed(path, **make())
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
