"""Images are numbers: pixels under the pointer, channels, and how far a picture moves when it is seen otherwise."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, images, views
from cnnlab.widgets import payload

SIDE = 96  # pixels
PICTURES = ("Astronaut", "Cat", "Coffee", "Flower", "Brick", "Grass")
CARD = "an even card"
LIMITS = {
    "right": (-24, 24),
    "down": (-24, 24),
    "scale": (50, 200),
    "angle": (-180, 180),
    "light": (0, 200),
    "cover": (0, 64),
}
SAME = {"right": 0, "down": 0, "scale": 100, "angle": 0, "light": 100, "cover": 0}
EXAMPLES = {
    "A few pixels to the right": {"input": "Astronaut", "right": 8},
    "Grass beside grass": {"input": "Grass", "right": 4},
    "Half the light": {"input": "Cat", "light": 50},
    "Something in front": {"input": "Cat", "cover": 24},
    "A tilted head": {"input": "Astronaut", "angle": 15},
    "One step nearer": {"input": "Flower", "scale": 130},
    "Upside down": {"input": "Coffee", "angle": 180},
}


@dataclass(frozen=True, eq=False)
class Result:
    """The changed picture, its mean squared distance to the original, and that of every other picture by name."""

    seen: np.ndarray
    mean_squared: float
    others: dict


@cache
def pictures():
    """The pictures by name: (SIDE, SIDE, 3), or (SIDE, SIDE) where there is no colour."""
    return {name: images.picture(name, SIDE, colour=images.PICTURES[name].colour) for name in PICTURES}


@cache
def in_colour(name):
    """A picture of the menu with three values a pixel, read-only."""
    picture = images.picture(name, SIDE, colour=True)
    picture.flags.writeable = False
    return picture


class PixelsExplorer(BrowserApp, module="explorers/pixels.js"):
    """A photograph as numbers; move, scale, turn, light or cover it and watch its distance to itself.

    Settings: `input` names a picture; `right` and `down` in pixels, `scale` and `light` in percent, `angle` in
    degrees counter-clockwise, `cover` in pixels; `channels` is "together" or "apart", `zoom` the cells of the
    neighbourhood on a side and `position` its middle (row, column).
    """

    input = Setting("Astronaut").tag(sync=True, state=True)
    right = Setting(8).tag(sync=True, state=True)
    down = Setting(0).tag(sync=True, state=True)
    scale = Setting(100).tag(sync=True, state=True)
    angle = Setting(0).tag(sync=True, state=True)
    light = Setting(100).tag(sync=True, state=True)
    cover = Setting(0).tag(sync=True, state=True)
    channels = Setting("together").tag(sync=True, state=True)
    zoom = Setting(5).tag(sync=True, state=True)
    position = Setting((68, 36)).tag(sync=True, state=True)

    pictures = traitlets.Dict(read_only=True).tag(sync=True)
    examples = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, input, right, down, scale, angle, light, cover):
        """The same as the page computes, by `cnnlab.core.views`; returns a `Result`."""
        original = in_colour(input)
        settings = {"scale": scale / 100, "angle": angle, "light": light / 100, "cover": cover}
        seen = views.changed(original, right=right, down=down, **settings)
        others = {name: in_colour(name) for name in PICTURES if name != input}
        mean = np.floor(original.mean(axis=(0, 1)) + 0.5)
        others[CARD] = np.broadcast_to(mean, original.shape)
        distances = {name: views.mean_squared(original, other) for name, other in others.items()}
        return Result(seen, views.mean_squared(original, seen), distances)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(**{name: getattr(self, name) for name in ("input", *SAME)})

    @traitlets.default("pictures")
    def _all_pictures(self):
        return {name: {**payload.encode(array), "credit": _credit(name)} for name, array in pictures().items()}

    @traitlets.default("examples")
    def _all_examples(self):
        return {name: SAME | changes for name, changes in EXAMPLES.items()}

    @traitlets.validate("input")
    def _known_input(self, proposal):
        return checks.choice("input", proposal["value"], PICTURES)

    @traitlets.validate("channels")
    def _known_channels(self, proposal):
        return checks.choice("channels", proposal["value"], ("together", "apart"))

    @traitlets.validate("right", "down", "scale", "angle", "light", "cover")
    def _within_its_slider(self, proposal):
        name = proposal["trait"].name
        return checks.within(name, proposal["value"], *LIMITS[name]) if name != "cover" else self._cover(proposal)

    @staticmethod
    def _cover(proposal):
        value = checks.integer("cover", proposal["value"], 0)
        if value > LIMITS["cover"][1]:
            checks.refuse("cover", value, f"must be at most {LIMITS['cover'][1]}")
        return value

    @traitlets.validate("zoom")
    def _odd_zoom(self, proposal):
        value = checks.integer("zoom", proposal["value"], 3)
        if value > 25 or value % 2 == 0:
            checks.refuse("zoom", value, "must be an odd number from 3 to 25")
        return value

    @traitlets.validate("position")
    def _inside(self, proposal):
        place = checks.per_axis("position", proposal["value"], 2, 0)
        if max(place) >= SIDE:
            checks.refuse("position", place, f"must lie in the picture, from 0 to {SIDE - 1}")
        return list(place)


def _credit(name):
    about = images.PICTURES[name]
    return f"{about.note}; {about.credit} ({about.licence})"
