"""Pooling, one window at a time: size, stride, padding, and which cell of each window wins."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import arithmetic, checks, convolution, images, pooling
from cnnlab.core.kernels import KERNELS
from cnnlab.widgets import payload

SIDE = 64  # pixels of a photograph
LIMITS = {"size": (1, 6), "stride": (1, 6), "padding": (0, 3)}
COUNTED = "Numbers 0 to 99"


@dataclass(frozen=True, eq=False)
class Result:
    """The pooled map, the flat place each value came from (None for an average), both axes, and one number for all."""

    output: np.ndarray
    winners: np.ndarray | None
    rows: arithmetic.Explanation
    columns: arithmetic.Explanation
    everything: dict


@cache
def inputs():
    """The inputs by name, in the order of the menu."""
    cat = images.picture("Cat", SIDE)
    edges = convolution.correlate(cat.astype(int), KERNELS["Sobel x"].array)
    numbers = np.random.default_rng(3).integers(-9, 10, (6, 6))
    return {
        COUNTED: np.arange(100).reshape(10, 10),
        "Digit 3": images.picture("Digit 3"),
        "Digit 8": images.picture("Digit 8"),
        "Cat": cat,
        "Coffee": images.picture("Coffee", SIDE),
        "Cat, vertical edges": edges,
        "Numbers −9 to 9": numbers,
    }


def _setting(name, size=2, stride=2, padding=0, mode="max"):
    return {"input": name, "mode": mode, "size": size, "stride": stride, "padding": padding, "position": [0, 0]}


EXAMPLES = {
    "The lecture’s 10×10: 11, 13, … 99": _setting(COUNTED),
    "The same, averaged": _setting(COUNTED, mode="average"),
    "Overlapping windows: size 3, stride 2": _setting(COUNTED, size=3),
    "A digit, halved": _setting("Digit 3"),
    "A photograph, a quarter of its side": _setting("Cat", size=4, stride=4),
    "Dark wins: minimum": _setting("Coffee", size=3, stride=1, mode="min"),
    "A feature map: where was the strongest edge?": _setting("Cat, vertical edges", size=4, stride=4),
    "Padding never wins": _setting("Numbers −9 to 9", size=3, stride=3, padding=1),
    "But padding is averaged": _setting("Numbers −9 to 9", size=3, stride=3, padding=1, mode="average"),
}


class PoolingExplorer(BrowserApp, module="explorers/pooling.js"):
    """Slide a window over a picture and keep one number of each.

    Settings: `input` names a picture; `mode` is "max", "average" or "min"; `size`, `stride` and `padding` are whole
    numbers, the same for rows and columns; `position` (row, column) is the output cell whose window is shown.
    """

    input = Setting(COUNTED).tag(sync=True, state=True)
    mode = Setting("max").tag(sync=True, state=True)
    size = Setting(2).tag(sync=True, state=True)
    stride = Setting(2).tag(sync=True, state=True)
    padding = Setting(0).tag(sync=True, state=True)
    position = Setting((0, 0)).tag(sync=True, state=True)

    pictures = traitlets.Dict(read_only=True).tag(sync=True)
    examples = traitlets.Dict(EXAMPLES, read_only=True).tag(sync=True)

    @property
    def image(self):
        """The input as an array."""
        return inputs()[self.input]

    @staticmethod
    def compute(*, image, mode, size, stride, padding):
        """The same as the page computes, by `cnnlab.core.pooling`; returns a `Result`."""
        if 2 * padding > size:
            checks.refuse("padding", padding, f"must be at most half of the size, {size // 2}")
        settings = {"stride": stride, "padding": padding, "mode": mode}
        output = pooling.pool(image, size, **settings)
        winners = None if mode == "average" else pooling.pool_with_positions(image, size, **settings)[1]
        rows, columns = (arithmetic.explain(n, size, stride, padding) for n in image.shape)
        everything = {one: pooling.global_pool(image, mode=one).item() for one in pooling.MODES}
        return Result(output, winners, rows, columns, everything)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(image=self.image, mode=self.mode, size=self.size, stride=self.stride, padding=self.padding)

    @traitlets.default("pictures")
    def _all_inputs(self):
        return {name: payload.encode(array) for name, array in inputs().items()}

    @traitlets.validate("input")
    def _known_input(self, proposal):
        return checks.choice("input", proposal["value"], list(inputs()))

    @traitlets.validate("mode")
    def _known_mode(self, proposal):
        return checks.choice("mode", proposal["value"], pooling.MODES)

    @traitlets.validate("size", "stride", "padding")
    def _within_its_slider(self, proposal):
        name = proposal["trait"].name
        low, high = LIMITS[name]
        value = checks.integer(name, proposal["value"], low)
        if value > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.pooling takes more")
        return value

    @traitlets.validate("position")
    def _two_places(self, proposal):
        return list(checks.per_axis("position", proposal["value"], 2, 0))
