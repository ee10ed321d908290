"""Is it a pair of axes? Two kernels, max pooling and a threshold: the smallest network, from image to decision."""

from dataclasses import dataclass

import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, convolution, images, pooling

SIDE = 4
MOST = 9  # the largest value a cell takes, and with a minus the smallest
LECTURE = images.WORKED["Axes, vertical"]
KERNELS = {"vertical": LECTURE.kernel, "horizontal": images.WORKED["Axes, horizontal"].kernel}


def _drawn(*rows):
    return [[int(cell == "#") for cell in row] for row in rows]


EXAMPLES = {
    "The lecture’s image": LECTURE.image.tolist(),
    "A clean pair of axes": _drawn(".#..", ".#..", "####", ".#.."),
    "The same, moved": _drawn("..#.", "####", "..#.", "..#."),
    "A vertical line alone": _drawn(".#..", ".#..", ".#..", ".#.."),
    "A horizontal line alone": _drawn("....", "####", "....", "...."),
    "A diagonal": _drawn("#...", ".#..", "..#.", "...#"),
    "All bright": _drawn("####", "####", "####", "####"),
    "A hole where they should cross": [[0, 2, 0, 0], [0, 2, 0, 0], [2, 0, 2, 2], [0, 0, 0, 0]],
}


@dataclass(frozen=True, eq=False)
class Result:
    """Both maps by the kernel's name, their largest values, and the decision."""

    maps: dict
    maxima: dict
    axes: bool


class AxesClassifier(BrowserApp, module="explorers/pooling_axes.js"):
    """Settings: `image`, 4 x 4 numbers from -9 to 9, and `threshold`, what both maxima must reach."""

    image = Setting(EXAMPLES["The lecture’s image"]).tag(sync=True, state=True)
    threshold = Setting(1.5).tag(sync=True, state=True)

    kernels = traitlets.Dict(read_only=True).tag(sync=True)
    examples = traitlets.Dict(EXAMPLES, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, image, threshold):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        maps = {name: convolution.correlate(image, kernel) for name, kernel in KERNELS.items()}
        maxima = {name: pooling.global_pool(one, mode="max").item() for name, one in maps.items()}
        return Result(maps, maxima, min(maxima.values()) >= threshold)

    @traitlets.default("kernels")
    def _both_kernels(self):
        return {name: kernel.tolist() for name, kernel in KERNELS.items()}

    @traitlets.validate("image")
    def _four_by_four(self, proposal):
        image = checks.array("image", proposal["value"], 2)
        if image.shape != (SIDE, SIDE):
            checks.refuse("image.shape", image.shape, f"must be ({SIDE}, {SIDE})")
        if abs(image).max() > MOST:
            checks.refuse("image", image.tolist(), f"must hold numbers from -{MOST} to {MOST}")
        return image.tolist()

    @traitlets.validate("threshold")
    def _within_its_slider(self, proposal):
        return checks.within("threshold", proposal["value"], 0, 4)
