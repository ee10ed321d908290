"""A learner's own pictures: a folder with one subfolder a class."""

from pathlib import Path

import numpy as np
import torch

from cnnlab.core import checks, picture_file
from cnnlab.core.images import square
from cnnlab.nets._statistics import statistics

SIDE = 64
MOST = 20_000  # pictures
SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}


def read(folder, split):
    """(images, labels, classes, notice, mean, std) of a folder such as

        pets/cat/1.jpg    pets/cat/2.png    pets/dog/a.jpg

    or, where the learner has split the pictures already, of pets/train/cat/... and pets/test/cat/... Otherwise every
    fifth picture of a class, in the order of the names, is a test picture. Each becomes the middle square of the
    picture at 64x64 in colour. Pictures that cannot be read are left out, and the notice counts them.
    Refused: a folder without two classes that have a picture in either split, or with more than 20,000 pictures.
    """
    root = _root(folder)
    files = _own_split(root) if (root / "train").is_dir() and (root / "test").is_dir() else _every_fifth(root)
    classes = tuple(sorted(set(files["train"]) & set(files["test"])))
    count = sum(len(paths) for part in files.values() for paths in part.values())
    if len(classes) < 2:
        checks.refuse("folder", folder, "needs two subfolders or more, one a class, each with two pictures or more")
    if count > MOST:
        checks.refuse("folder", folder, f"holds {count:,} pictures; at most {MOST:,} fit")
    train, unreadable = _pictures(files["train"], classes)
    images, labels = train
    if split == "test":
        (images, labels), unreadable = _pictures(files["test"], classes)
    for index, name in enumerate(classes):
        if not (labels == index).any():
            checks.refuse("folder", folder, f"no picture in {name} can be read")
    notice = f"{unreadable} of the pictures could not be read and were left out." if unreadable else ""
    return images, labels, classes, notice, *statistics(train[0])


def _root(folder):
    try:
        root = Path(folder)
        if root.is_dir():
            return root
    except (TypeError, ValueError, OSError):
        pass
    checks.refuse("folder", folder, "must be a folder with one subfolder of pictures a class")


def _files(root):
    """Class -> its pictures' paths, by the names' order."""
    found = {}
    for inner in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        paths = sorted(path for path in inner.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())
        if paths:
            found[inner.name] = paths
    return found


def _own_split(root):
    return {split: _files(root / split) for split in ("train", "test")}


def _every_fifth(root):
    parts = {"train": {}, "test": {}}
    for name, paths in _files(root).items():
        if len(paths) > 1:
            parts["test"][name] = paths[1::5]
            parts["train"][name] = [path for i, path in enumerate(paths) if i % 5 != 1]
    return parts


def _pictures(files, classes):
    """((images, labels), number of unreadable files)."""
    images, labels, unreadable = [], [], 0
    for index, name in enumerate(classes):
        for path in files[name]:
            try:
                images.append(square(picture_file.load(path).array, SIDE))
                labels.append(index)
            except ValueError:
                unreadable += 1
    stacked = np.array(images, np.uint8).reshape(-1, SIDE, SIDE, 3).transpose(0, 3, 1, 2)
    return (torch.from_numpy(stacked.copy()), torch.tensor(labels, dtype=torch.int64)), unreadable
