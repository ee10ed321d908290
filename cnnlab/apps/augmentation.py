"""Data augmentation on one picture: every transform under a slider, and what a net would be given to train on."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import traitlets

from cnnlab.apps.base import KernelApp, Setting
from cnnlab.core import checks, images
from cnnlab.nets.augment import Augment, coloured, cut_out, flipped, scaled, shifted
from cnnlab.plots import paint

SIDE = 96  # pixels of the picture
ROWS, COLUMNS = 2, 6  # of the sheet of random draws
PICTURES = ("Cat", "Astronaut", "Coffee", "Rocket", "Flower", "Photographer", "Digit 2", "Digit 6")
LIMITS = {
    "down": ("Down (px)", -32, 32),
    "right": ("Right (px)", -32, 32),
    "size": ("Size %", 50, 150),
    "cutout": ("Cutout (px)", 0, 64),
    "brightness": ("Brightness %", 20, 180),
    "contrast": ("Contrast %", 20, 180),
    "saturation": ("Saturation %", 0, 200),
    "sample": ("Draw no.", 1, 50),
}


@dataclass(frozen=True, eq=False)
class View:
    """Float images from 0 to 1: the picture and the changed one (C, S, S), and what training may get (N, C, S, S)."""

    original: torch.Tensor
    changed: torch.Tensor
    drawn: torch.Tensor
    augment: Augment


def view(*, picture, mirror, down, right, size, cutout, brightness, contrast, saturation, sample):
    """The picture changed exactly as said, and random changes up to that strength, by the functions that train nets."""
    pixels = torch.from_numpy(_pixels(picture).copy())[None]
    one = flipped(pixels, torch.tensor([mirror == "yes"]))
    one = shifted(one, torch.tensor([[down, right]])).float() / 255
    one = scaled(one, torch.tensor([size / 100]))
    one = coloured(one, *(torch.tensor([percent / 100]) for percent in (brightness, contrast, saturation)))
    one = cut_out(one, torch.tensor([[SIDE // 2, SIDE // 2]]), cutout)
    augment = Augment(
        flip=0.5 * (mirror == "yes"),
        shift=max(abs(down), abs(right)),
        scale=abs(size - 100) / 100,
        cutout=cutout,
        colour=max(abs(percent - 100) for percent in (brightness, contrast, saturation)) / 100,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(sample)
        drawn = augment(pixels.expand(ROWS * COLUMNS, -1, -1, -1))
    return View(pixels[0].float() / 255, one[0], drawn, augment)


@cache
def _pixels(name):
    """A picture as uint8 (3, SIDE, SIDE); a digit's cells become squares."""
    if name.startswith("Digit"):
        cells = np.kron(images.picture(name), np.ones((SIDE // 8, SIDE // 8), np.uint8))
        return np.repeat((cells * (255 / 16)).round().astype(np.uint8)[None], 3, axis=0)
    return np.ascontiguousarray(images.picture(name, SIDE, colour=True).transpose(2, 0, 1))


class AugmentationExplorer(KernelApp):
    """Change one picture by every transform that training uses; `Augment` draws such changes at random."""

    picture = Setting("Cat").tag(sync=True, state=True)
    mirror = Setting("yes").tag(sync=True, state=True)
    down = Setting(0).tag(sync=True, state=True)
    right = Setting(12).tag(sync=True, state=True)
    size = Setting(110).tag(sync=True, state=True)
    cutout = Setting(0).tag(sync=True, state=True)
    brightness = Setting(100).tag(sync=True, state=True)
    contrast = Setting(100).tag(sync=True, state=True)
    saturation = Setting(100).tag(sync=True, state=True)
    sample = Setting(1).tag(sync=True, state=True)

    label = traitlets.Unicode("Data augmentation").tag(sync=True)
    controls = traitlets.List(
        [
            {"kind": "menu", "name": "picture", "label": "Picture", "options": [[name, name] for name in PICTURES]},
            {"kind": "menu", "name": "mirror", "label": "Mirror", "options": [["no", "no"], ["yes", "yes"]]},
            *(
                {"kind": "slider", "name": name, "label": label, "min": low, "max": high}
                for name, (label, low, high) in LIMITS.items()
            ),
        ]
    ).tag(sync=True)

    @traitlets.validate("picture", "mirror")
    def _one_of(self, proposal):
        options = PICTURES if proposal["trait"].name == "picture" else ("no", "yes")
        return checks.choice(proposal["trait"].name, proposal["value"], options)

    @traitlets.validate(*LIMITS)
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        checks.within(name, value, *LIMITS[name][1:])
        return checks.integer(name, value, LIMITS[name][1])

    @staticmethod
    def compute(**state):
        return view(**state)

    @staticmethod
    def draw(result):
        sheet = result.drawn.unflatten(0, (ROWS, COLUMNS)).permute(2, 0, 3, 1, 4).flatten(3).flatten(1, 2)
        return {
            "pictures": {
                "As it is; so is every test image": _png(result.original),
                "Changed as the sliders say": _png(result.changed),
                f"For training: {ROWS * COLUMNS} draws, each change at most as strong": _png(sheet),
            },
            "text": _words(result),
        }


def _png(image):
    return paint.png(np.rint(image.permute(1, 2, 0).numpy() * 255).astype(np.uint8))


def _words(result):
    """How many views there are, and how far the changed picture is from the original."""
    augment = result.augment
    views = (2 if augment.flip else 1) * (2 * augment.shift + 1) ** 2
    number = f"{views:,} different pictures" if views > 1 else "no other picture"
    distance = (result.changed - result.original).abs().mean().item()
    return (
        f"Mirror and moves alone make {number} of this one, all with the same label. "
        f"A pixel changed by {distance:.3f} on average (black to white is 1)."
    )
