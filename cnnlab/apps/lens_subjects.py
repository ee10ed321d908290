"""What the lenses look at: a trained network together with a picture that it reads.

Pictures that come along serve every lesson; samples of Fashion-MNIST and CIFAR-10 join them where the data set lies on
this machine already.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from cnnlab.core import images
from cnnlab.nets import data, weights

# The photographs are cut so that the network sees the object: side, top, left in 256 pixels.
CROPS = {"Cat": (144, 112, 16), "Rocket": (176, 80, 0)}
PAIR = "Cat and rocket"
TITLES = {"lenet5": "LeNet-5, digits", "resnet20": "ResNet-20, photographs", "fashion_cnn": "Fashion CNN, clothes"}
SAMPLES = 8  # of a data set on this machine


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, the classes it knows, and a picture: uint8 (H, W) or (H, W, 3) to show, `x` (1, C, H, W) to run."""

    network: str
    title: str
    model: torch.nn.Module
    classes: tuple[str, ...]
    shown: np.ndarray
    x: torch.Tensor
    black: torch.Tensor  # what black and white are after normalisation, one number a channel
    white: torch.Tensor


def options():
    """Groups for a menu: {title: [[value, text], ...]}; a value is "network: picture"."""
    names = {"lenet5": [f"Digit {digit}" for digit in range(10)], "resnet20": [PAIR, *CROPS]}
    for network, source in (("resnet20", "cifar-10"), ("fashion_cnn", "fashion-mnist")):
        if data.at_hand(source):
            names.setdefault(network, []).extend(f"Test image {number}" for number in range(1, SAMPLES + 1))
    present = weights.trained_names()
    return {TITLES[net]: [[f"{net}: {name}", name] for name in list_] for net, list_ in names.items() if net in present}


def names():
    """All values of the menu."""
    return tuple(value for group in options().values() for value, _ in group)


@cache
def model(network):
    """One shipped network, shared by all lenses; none of them changes it."""
    return weights.trained(network)


@cache
def subject(name):
    """The network and the picture that a value of the menu stands for."""
    network, _, picture = name.partition(": ")
    about = weights.shipped(network)
    shown = _pixels(network, picture)
    mean, std = (torch.tensor(values)[:, None, None] for values in (about.mean, about.std))
    pixels = torch.from_numpy(np.ascontiguousarray(shown.reshape(*shown.shape[:2], -1).transpose(2, 0, 1)))
    x = ((pixels.float() / 255 - mean) / std)[None]
    return Subject(
        network,
        picture,
        model(network),
        about.classes,
        shown,
        x,
        (-mean / std).flatten(),
        ((1 - mean) / std).flatten(),
    )


def probabilities(subject, x=None):
    """Of all classes, (K,)."""
    with torch.no_grad():
        return subject.model(subject.x if x is None else x).softmax(1)[0]


def _pixels(network, picture):
    if picture.startswith("Digit"):
        return _digit(int(picture[-1]))
    if picture == PAIR:
        return np.concatenate([_crop(name) for name in CROPS], 1)
    if picture in CROPS:
        return _crop(picture)
    images_ = _test_images(network)
    return images_[int(picture.split()[-1]) - 1].permute(1, 2, 0).numpy().squeeze()


def _crop(name):
    side, top, left = CROPS[name]
    cut = images.picture(name, 256, colour=True)[top : top + side, left : left + side]
    return np.asarray(Image.fromarray(np.ascontiguousarray(cut)).resize((32, 32), Image.BOX))


@cache
def _digit(label):
    """The digit of that kind that the network is surest of; 8x8 pixels enlarged to 20x20, in the middle of 28x28."""
    digits, about = data.load("digits", "test"), weights.shipped("lenet5")
    found = digits.images[digits.labels == label]
    large = functional.interpolate(found.float(), size=(20, 20), mode="bilinear", align_corners=False)
    large = functional.pad(large, (4, 4, 4, 4)).round()
    with torch.no_grad():
        sure = model("lenet5")((large / 255 - about.mean[0]) / about.std[0]).softmax(1)[:, label]
    return large[int(sure.argmax()), 0].to(torch.uint8).numpy()


@cache
def _test_images(network):
    """The first test images that the network names with more than 90 %."""
    about = weights.shipped(network)
    test = data.load(about.data, "test").subset(slice(0, 60))
    mean, std = (torch.tensor(values)[:, None, None] for values in (about.mean, about.std))
    with torch.no_grad():
        sure = model(network)((test.images.float() / 255 - mean) / std).softmax(1)
    chosen = (sure.gather(1, test.labels[:, None])[:, 0] > 0.9).nonzero()[:SAMPLES, 0]
    return test.images[chosen]
