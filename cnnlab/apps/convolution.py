"""Convolution, one window at a time: the explorer of the second lesson."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.apps.convolution_menu import EXAMPLES, SIDE, kernels, picture_payloads, pictures
from cnnlab.core import arithmetic, checks, convolution
from cnnlab.core._windows import PADDING_MODES
from cnnlab.core.kernels import KERNELS
from cnnlab.widgets import payload

MOST_TAPS = 11  # cells of the largest kernel on one axis
LIMITS = {"stride": (1, 8), "dilation": (1, 5), "padding": (0, 11)}


@dataclass(frozen=True, eq=False)
class Result:
    """What the explorer shows: the kernel as it slides, the output, and how each axis gets its size."""

    applied: np.ndarray
    output: np.ndarray
    rows: arithmetic.Explanation
    columns: arithmetic.Explanation


class ConvolutionExplorer(BrowserApp, module="explorers/convolution.js"):
    """Slide a kernel over a picture and see every product.

    All settings can be given at the start, read, set and observed (``explorer.observe(f, "stride")``)::

        explorer = ConvolutionExplorer(input="Coins", kernel="Sobel y")
        explorer.stride = 2
        explorer.result().output

    Settings
    --------
    input : str
        name of a picture, or "own"; setting `image` to an array sets both
    kernel : name of a kernel in `cnnlab.core.kernels`, or an array of 1 to 11 rows and columns
    flip : bool
        True turns the kernel by 180 degrees first: a true convolution
    stride, dilation, padding : int, or (rows, columns); padding also "valid", "same", "full"
    padding_mode : "zeros", "reflect", "replicate", "circular" or "constant"
    fill : the number that "constant" pads with
    position : (row, column) of the output cell whose window is shown

    Raises ValueError naming the setting, its value and what would do.
    """

    input = Setting("Cat").tag(sync=True, state=True)
    own = traitlets.Any(None).tag(sync=True)
    kernel = Setting().tag(sync=True, state=True)
    flip = Setting(False).tag(sync=True, state=True)
    stride = Setting((1, 1)).tag(sync=True, state=True)
    dilation = Setting((1, 1)).tag(sync=True, state=True)
    padding = Setting("valid").tag(sync=True, state=True)
    padding_mode = Setting("zeros").tag(sync=True, state=True)
    fill = Setting(0).tag(sync=True, state=True)
    position = Setting((47, 25)).tag(sync=True, state=True)

    pictures = traitlets.Dict(read_only=True).tag(sync=True)
    kernels = traitlets.Dict(read_only=True).tag(sync=True)
    examples = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, *, image=None, **state):
        if image is not None:
            state |= {"input": "own"}
            self.own = payload.encode(_checked_image(image))
        super().__init__(**state)

    @property
    def image(self):
        """The input as an array; set it to any array of up to 112 x 112 cells."""
        return payload.decode(self.own) if self.input == "own" else pictures()[self.input].array

    @image.setter
    def image(self, image):
        self.own = payload.encode(_checked_image(image))
        self.input = "own"

    @staticmethod
    def compute(*, image, kernel, flip, stride, dilation, padding, padding_mode, fill):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        kernel = np.asarray(kernel)
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        slide = convolution.convolve if flip else convolution.correlate
        output = slide(image, kernel, **settings, padding_mode=padding_mode, value=fill)
        rows, columns = (
            arithmetic.explain(
                image.shape[axis],
                kernel.shape[axis],
                stride[axis],
                padding if isinstance(padding, str) else padding[axis],
                dilation[axis],
            )
            for axis in (0, 1)
        )
        return Result(convolution.flip(kernel) if flip else kernel, output, rows, columns)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        settings = {name: value for name, value in self.state.items() if name not in ("input", "position")}
        return self.compute(image=self.image, **settings)

    @traitlets.default("kernel")
    def _first_kernel(self):
        return KERNELS["Sobel x"].array.tolist()

    @traitlets.default("pictures")
    def _all_pictures(self):
        return picture_payloads()

    @traitlets.default("kernels")
    def _all_kernels(self):
        return kernels()

    @traitlets.default("examples")
    def _all_examples(self):
        return EXAMPLES

    @traitlets.validate("input")
    def _known_input(self, proposal):
        known = [*pictures(), *(["own"] if self.own else [])]
        return checks.choice("input", proposal["value"], known)

    @traitlets.validate("kernel")
    def _small_kernel(self, proposal):
        kernel = proposal["value"]
        if isinstance(kernel, str):
            checks.choice("kernel", kernel, list(KERNELS))
            kernel = KERNELS[kernel]
        kernel = checks.array("kernel", kernel, 2)
        if max(kernel.shape) > MOST_TAPS:
            checks.refuse("kernel.shape", kernel.shape, f"must be at most {MOST_TAPS} rows and {MOST_TAPS} columns")
        return kernel.tolist()

    @traitlets.validate("stride", "dilation", "padding")
    def _a_number_an_axis(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if name == "padding" and isinstance(value, str):
            return checks.choice("padding", value, arithmetic.NAMED_PADDINGS)
        low, high = LIMITS[name]
        pair = checks.per_axis(name, value, 2, low)
        if max(pair) > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.convolution takes more")
        return list(pair)

    @traitlets.validate("padding_mode")
    def _known_mode(self, proposal):
        return checks.choice("padding_mode", proposal["value"], PADDING_MODES)

    @traitlets.validate("flip")
    def _yes_or_no(self, proposal):
        return checks.flag("flip", proposal["value"])

    @traitlets.validate("fill")
    def _finite_fill(self, proposal):
        return checks.number("fill", proposal["value"])

    @traitlets.validate("position")
    def _two_places(self, proposal):
        return list(checks.per_axis("position", proposal["value"], 2, 0))


def _checked_image(image):
    image = checks.array("image", image, 2)
    if max(image.shape) > SIDE:
        checks.refuse("image.shape", image.shape, f"must be at most {SIDE} rows and {SIDE} columns")
    return image
