"""Images with labels, to train networks on: embedded ones that need no network, the usual downloads, the learner's own.

    load("digits")                          embedded: works everywhere, in milliseconds
    load("fashion-mnist", "test")           found on this machine, else downloaded once and checked
    load("folder", folder="my pictures")    a folder with one subfolder a class

A data set that cannot be had is no reason to stop a lesson: `load` then gives digits in the shape that was asked for,
and `Images.notice` says so in one sentence, to be shown.
"""

from dataclasses import dataclass, field, replace

import torch
from torch.nn import functional

from cnnlab.core import checks
from cnnlab.nets import _embedded, _folder, _published
from cnnlab.nets._statistics import statistics

SPLITS = ("train", "test")


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images of one split.

    `images` is uint8 (N, C, H, W), `labels` int64 (N,), an index into `classes`. `mean` and `std` hold one number a
    channel: of the whole training split, in units of 0..1, whichever split this is. `notice` is empty, or one sentence
    that must be shown: what these images are instead of those asked for.
    """

    name: str
    split: str
    images: torch.Tensor = field(repr=False)
    labels: torch.Tensor = field(repr=False)
    classes: tuple[str, ...]
    notice: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __len__(self):
        return len(self.labels)

    def subset(self, indices):
        """The images at `indices`: a tensor or sequence of whole numbers, a mask of N truth values, or a slice."""
        if not isinstance(indices, slice):
            indices = torch.as_tensor(indices)
        return replace(self, images=self.images[indices], labels=self.labels[indices])

    def held_out(self, count, seed=0):
        """(rest, held out): `count` images drawn at random without replacement, and all others.

        What is chosen by looking at accuracy (a schedule, a width) is chosen on these, never on the test split.
        """
        count = checks.integer("count", count, 1)
        if count >= len(self):
            checks.refuse("count", count, f"must be below {len(self)}, the number of images")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(checks.integer("seed", seed, 0)))
        rest, held_out = order[count:].sort().values, order[:count].sort().values
        return self.subset(rest), replace(self.subset(held_out), split="held out")


def names():
    """Names for `load`: first those that need no download.

    >>> names()
    ('digits', 'textures', 'faces', 'shapes', 'mnist', 'fashion-mnist', 'cifar-10', 'cifar-100', 'folder')
    """
    return (*_embedded.MAKERS, *_published.PUBLISHED, "folder")


def load(name, split="train", *, folder=None):
    """One split of a data set as `Images`.

    Parameters
    ----------
    name : str
        one of `names()`
    split : str
        "train" or "test"; the two never share an image
    folder : path, optional
        for "folder": the folder whose subfolders are the classes (see `cnnlab.nets._folder.read`).
        For a published data set: a folder to look in before all others.

    Published data sets are looked for in `folder`, in the folder that the environment variable CNNLAB_DATA names, in
    the cache (CNNLAB_CACHE, or the user's), and in /usr/share/datasets, where Debian puts them; then they are
    downloaded to the cache. Whatever is found is held to published checksums. If all fails the result is "digits",
    enlarged to the size asked for, with a `notice`.

    >>> digits = load("digits", "test")
    >>> digits.images.shape, digits.classes[digits.labels[0]], digits.notice
    (torch.Size([359, 1, 8, 8]), '5', '')
    """
    checks.choice("name", name, names())
    checks.choice("split", split, SPLITS)
    if name == "folder":
        return Images(name, split, *_folder.read(folder, split))
    if name in _embedded.MAKERS:
        return _own(name, split)
    try:
        images, labels, notice = _published.read(name, split, folder)
    except _published.UnavailableError as problem:
        return _stand_in(name, split, problem)
    about = _published.PUBLISHED[name]
    return Images(name, split, images, labels, about.classes, notice, about.mean, about.std)


def at_hand(name):
    """Whether `load(name)` would find a data set on this machine, without a download (looks, does not read).

    >>> at_hand("digits")
    True
    """
    checks.choice("name", name, names())
    return name in _embedded.MAKERS or (name in _published.PUBLISHED and _published.at_hand(name))


def concepts(split="train"):
    """Where each concept is on the images of load("shapes", split): name -> bool tensor (N, 32, 32).

    The concepts are the shapes, the colours and the patterns that fill them. Image i shows the same in both.
    Network dissection compares them with what a unit answers to (Bau et al., CVPR 2017).

    >>> [*concepts("test")][:3]
    ['circle', 'square', 'triangle']
    """
    return _embedded.shapes_concepts(checks.choice("split", split, SPLITS))


def _own(name, split):
    images, labels, classes = _embedded.MAKERS[name](split)
    mean, std = statistics(_embedded.MAKERS[name]("train")[0])
    return Images(name, split, images, labels, classes, "", mean, std)


def _stand_in(name, split, problem):
    """The digits in the shape of what was asked for, so that a network made for that shape goes on working."""
    about = _published.PUBLISHED[name]
    channels, *size = about.shape

    def enlarged(split):
        digits = _own("digits", split)
        larger = functional.interpolate(digits.images.float(), size=size, mode="bilinear").round().to(torch.uint8)
        return replace(digits, images=larger.expand(-1, channels, -1, -1).contiguous())

    notice = (
        f"{about.title} is not at hand ({problem}). Instead: scikit-learn's handwritten digits, "
        f"enlarged from 8×8 to {size[0]}×{size[1]}."
    )
    mean, std = statistics(enlarged("train").images)
    return replace(enlarged(split), notice=notice, mean=mean, std=std)
