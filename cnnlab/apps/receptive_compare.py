"""One large kernel against several small ones that see the same field: weights, multiply-adds and ways through."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, convolution, cost

LIMITS = {"layers": (2, 4), "channels": (1, 64), "side": (8, 224)}


@dataclass(frozen=True, eq=False)
class Result:
    """`kernel` is the side of the large kernel; each pair holds the large kernel's number and the small ones'.

    `filter_weights`: of one filter a layer; `weights` and `multiply_adds`: of whole layers with as many filters as
    channels. `ways` counts, for each pixel of the field, its ways to the unit through the small layers.
    """

    kernel: int
    filter_weights: tuple[int, int]
    weights: tuple[int, int]
    multiply_adds: tuple[int, int]
    ways: np.ndarray


class KernelComparison(BrowserApp, module="explorers/receptive_compare.js"):
    """`layers` of 3×3 with `channels` channels on a map of `side` cells, against one kernel that sees the same."""

    layers = Setting(3).tag(sync=True, state=True)
    channels = Setting(3).tag(sync=True, state=True)
    side = Setting(56).tag(sync=True, state=True)

    limits = traitlets.Dict({name: list(ends) for name, ends in LIMITS.items()}, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, layers, channels, side):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        kernel = 2 * layers + 1
        ways = np.ones((1, 1), int)
        for _ in range(layers):
            ways = convolution.correlate(ways, np.ones((3, 3), int), padding="full")

        def both(count, *more):
            return count(kernel, *more), layers * count(3, *more)

        return Result(
            kernel,
            both(lambda k: cost.conv_parameters(channels, 1, k, bias=False)),
            both(lambda k: cost.conv_parameters(channels, channels, k, bias=False)),
            both(lambda k: cost.conv_macs(channels, channels, k, side)),
            ways,
        )

    @traitlets.validate("layers", "channels", "side")
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        low, high = LIMITS[name]
        if checks.integer(name, value, low) > high:
            checks.refuse(name, value, f"must be at most {high} here")
        return value
