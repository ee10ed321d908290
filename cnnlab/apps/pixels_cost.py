"""A dense layer against a convolution: how many parameters each needs for an image of this size."""

from dataclasses import dataclass

import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, cost

LIMITS = {"height": (8, 512), "width": (8, 512), "channels": (1, 64), "filters": (1, 64), "kernel": (1, 11)}
UNITS = 100  # of the small dense layer
EXAMPLES = {
    "A colour photograph, 260×194": {"height": 260, "width": 194, "channels": 3, "filters": 32, "kernel": 3},
    "A handwritten digit, 28×28": {"height": 28, "width": 28, "channels": 1, "filters": 32, "kernel": 3},
    "ImageNet’s 224×224": {"height": 224, "width": 224, "channels": 3, "filters": 64, "kernel": 7},
    "Inside a network: 16 to 32 channels, 64×64": {
        "height": 64,
        "width": 64,
        "channels": 16,
        "filters": 32,
        "kernel": 3,
    },
}


@dataclass(frozen=True)
class Result:
    """Numbers in the image and out of the layer, and the parameters of either kind of layer."""

    values: int
    outputs: int
    dense: int
    convolution: int


class DenseAgainstConvolution(BrowserApp, module="explorers/pixels_cost.js"):
    """Parameters for an image of height x width x channels.

    The convolution has `filters` filters of `kernel` x `kernel` and keeps the size of the image. The dense layer gives
    as many numbers as it (`dense` "same"), or 100 (`dense` "few").
    """

    height = Setting(260).tag(sync=True, state=True)
    width = Setting(194).tag(sync=True, state=True)
    channels = Setting(3).tag(sync=True, state=True)
    filters = Setting(32).tag(sync=True, state=True)
    kernel = Setting(3).tag(sync=True, state=True)
    dense = Setting("same").tag(sync=True, state=True)

    examples = traitlets.Dict(EXAMPLES, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, height, width, channels, filters, kernel, dense):
        """The same as the page computes, by `cnnlab.core.cost`; returns a `Result`."""
        values = height * width * channels
        outputs = height * width * filters
        units = outputs if dense == "same" else UNITS
        return Result(
            values,
            outputs,
            cost.dense_parameters(values, units),
            cost.conv_parameters(channels, filters, kernel),
        )

    @traitlets.validate(*LIMITS)
    def _within_its_slider(self, proposal):
        name = proposal["trait"].name
        low, high = LIMITS[name]
        value = checks.integer(name, proposal["value"], low)
        if value > high:
            checks.refuse(name, value, f"must be at most {high}")
        return value

    @traitlets.validate("dense")
    def _known_layer(self, proposal):
        return checks.choice("dense", proposal["value"], ("same", "few"))
