"""Shift, then filter, or filter, then shift: where the two agree, and what stride, pooling and borders do to that."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, convolution, images, pooling
from cnnlab.core.kernels import KERNELS
from cnnlab.widgets import payload

SIDE = 48  # divisible by every stride offered: circular pictures then stay exact
LIMITS = {"size": (2, 4), "stride": (1, 4), "right": (0, 8), "down": (0, 8)}
SHIFTS = range(LIMITS["right"][1] + 1)
OFFERED = ("Identity", "Sobel x", "Sobel y", "Laplacian 4", "Sharpen", "Box 3", "Gaussian 3")
POOLINGS = ("none", "max", "average")
BORDERS = ("circular", "zeros")
SIGNAL = "Signal 0 0 1 1 0 0 1 1"


@dataclass(frozen=True, eq=False)
class Result:
    """Both ways round, enlarged to the size of the input, and how far apart they are.

    `error` is the root mean squared difference in percent of the layer's standard deviation without blur and stride;
    `curve` holds it for shifts of 0 to 8 columns, `other_curve` with the blur switched the other way. `kept` is the
    share of the layer's cells, in percent, that keep their value when the input shifts; `averages` and `maxima` are
    those of the whole map before and after.
    """

    map: np.ndarray
    after: np.ndarray
    before: np.ndarray
    error: float
    curve: list
    other_curve: list
    kept: float
    averages: tuple
    maxima: tuple


@cache
def inputs():
    """The inputs by name, in the order of the menu."""
    digits = {}
    for label in (3, 8):
        large = np.kron(images.picture(f"Digit {label}"), np.ones((2, 2), np.uint8))
        digits[f"Digit {label}"] = np.pad(large, 4)
    return {
        "Cat": images.picture("Cat", SIDE),
        "Photographer": images.picture("Photographer", SIDE),
        "Brick": images.picture("Brick", SIDE),
        **digits,
        "Fine stripes": images.grating(SIDE, wavelength=2.4),
        SIGNAL: np.array([[0, 0, 1, 1, 0, 0, 1, 1]], np.uint8),
    }


def _setting(name, kernel="Sobel x", pooling="none", size=2, stride=1, blur=False, border="circular", right=1):
    state = {"input": name, "kernel": kernel, "pooling": pooling, "size": size, "stride": stride, "blur": blur}
    return state | {"border": border, "right": right, "down": 0}


_HALVED = {"pooling": "max", "size": 2, "stride": 2}
EXAMPLES = {
    "Convolution alone: both ways agree": _setting("Cat", right=5),
    "Borders: zeros come in": _setting("Cat", border="zeros", right=5),
    "Stride 2, moved by 2": _setting("Cat", stride=2, right=2),
    "Stride 2, moved by 1": _setting("Cat", stride=2),
    "Max pooling, stride 1": _setting("Cat", pooling="max"),
    "Max pooling, stride 2": _setting("Cat", **_HALVED),
    "Max pooling, stride 2, blurred first": _setting("Cat", **_HALVED, blur=True),
    "A digit in coarse windows": _setting("Digit 3", "Identity", "max", size=4, stride=4),
    "Zhang’s signal": _setting(SIGNAL, "Identity", **_HALVED),
    "Zhang’s signal, blurred first": _setting(SIGNAL, "Identity", **_HALVED, blur=True),
    "Aliasing: fine stripes, every 2nd pixel": _setting("Fine stripes", "Identity", stride=2),
    "No aliasing: blurred first": _setting("Fine stripes", "Identity", stride=2, blur=True),
}


def layer(image, *, kernel, pooling, size, stride, blur, border):
    """The layer f: convolution (same size), pooling with stride 1, blur, then every stride-th cell."""
    mode = "circular" if border == "circular" else "zeros"
    result = convolution.correlate(image, kernel, padding="same", padding_mode=mode)
    if pooling != "none":
        result = _pooled(result, pooling, size, border)
    if blur:
        result = convolution.correlate(result, KERNELS["Gaussian 3"], padding="same", padding_mode=mode)
    return result[::stride, ::stride]


def _pooled(values, mode, size, border):
    """The window of each cell begins there; past the end there is the other side, or nothing."""
    end = ((0, size - 1), (0, size - 1))
    if border == "circular":
        return pooling.pool(np.pad(values, end, "wrap"), size, stride=1, mode=mode)
    return pooling.pool(values, size, stride=1, padding=end, mode=mode, count_padding=False)


def shifted(image, down, right, border):
    """`image` moved by whole cells: what leaves on one side comes in on the other, or zeros do."""
    moved = np.roll(image, (down, right), (0, 1))
    if border != "circular":
        moved[:down], moved[:, :right] = 0, 0
    return moved


class EquivarianceExplorer(BrowserApp, module="explorers/equivariance.js"):
    """f(shift(x)) against shift(f(x)) for a layer f of convolution, pooling, blur and stride.

    Settings: `input` and `kernel` are names; `pooling` is "none", "max" or "average" with windows of `size`; `blur`
    switches a blur before every `stride`-th cell is kept; `border` is "circular" or "zeros", for the layer and for
    what a shift brings in; `right` and `down` are the shift in pixels.
    """

    input = Setting("Cat").tag(sync=True, state=True)
    kernel = Setting("Sobel x").tag(sync=True, state=True)
    pooling = Setting("max").tag(sync=True, state=True)
    size = Setting(2).tag(sync=True, state=True)
    stride = Setting(2).tag(sync=True, state=True)
    blur = Setting(False).tag(sync=True, state=True)
    border = Setting("circular").tag(sync=True, state=True)
    right = Setting(3).tag(sync=True, state=True)
    down = Setting(0).tag(sync=True, state=True)

    pictures = traitlets.Dict(read_only=True).tag(sync=True)
    kernels = traitlets.Dict(read_only=True).tag(sync=True)
    examples = traitlets.Dict(EXAMPLES, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, input, kernel, right, down, **settings):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        image, settings = inputs()[input], settings | {"kernel": KERNELS[kernel]}
        stride, border = settings["stride"], settings["border"]

        def enlarged(small):
            return np.kron(small, np.ones((stride, stride)))[: image.shape[0], : image.shape[1]]

        def both(right, settings):
            after = shifted(enlarged(layer(image, **settings)), down, right, border)
            before = enlarged(layer(shifted(image, down, right, border), **settings))
            return after, before

        full = layer(image, **settings | {"blur": False, "stride": 1}).std()
        unit = full if full > 1e-9 else 1

        def error(after, before):
            far = np.sqrt(np.mean((after - before) ** 2))
            return 0.0 if far < 1e-9 else float(100 * far / unit)

        here, there = layer(image, **settings), layer(shifted(image, down, right, border), **settings)
        after, before = both(right, settings)
        curve = [error(*both(at, settings)) for at in SHIFTS]
        flipped = settings | {"blur": not settings["blur"]}
        return Result(
            here,
            after,
            before,
            error(after, before),
            curve,
            [error(*both(at, flipped)) for at in SHIFTS],
            float(100 * np.mean(abs(here - there) < 1e-9)),
            (float(here.mean()), float(there.mean())),
            (float(here.max()), float(there.max())),
        )

    @traitlets.default("pictures")
    def _all_inputs(self):
        return {name: payload.encode(array) for name, array in inputs().items()}

    @traitlets.default("kernels")
    def _all_kernels(self):
        return {name: KERNELS[name].array.tolist() for name in OFFERED}

    @traitlets.validate("input")
    def _known_input(self, proposal):
        return checks.choice("input", proposal["value"], list(inputs()))

    @traitlets.validate("kernel", "pooling", "border")
    def _known_name(self, proposal):
        name = proposal["trait"].name
        return checks.choice(name, proposal["value"], {"kernel": OFFERED, "pooling": POOLINGS, "border": BORDERS}[name])

    @traitlets.validate("size", "stride", "right", "down")
    def _within_its_slider(self, proposal):
        name = proposal["trait"].name
        value = checks.integer(name, proposal["value"], LIMITS[name][0])
        if value > LIMITS[name][1]:
            checks.refuse(name, value, f"must be at most {LIMITS[name][1]}")
        return value

    @traitlets.validate("blur")
    def _yes_or_no(self, proposal):
        return checks.flag("blur", proposal["value"])
