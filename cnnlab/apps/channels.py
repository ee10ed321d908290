"""Channels and filters: one layer taken apart, each input channel's contribution beside the sum."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.apps.channels_menu import EXAMPLES, volume_payloads, volumes
from cnnlab.core import checks, convolution

CHANNELS, TAPS, MOST_FILTERS = 3, 3, 3
LIMITS = {"stride": (1, 4), "padding": (0, 2)}


@dataclass(frozen=True, eq=False)
class Result:
    """`contributions` is (filters, channels, rows, columns); `output` is their sum over channels plus the bias."""

    contributions: np.ndarray
    output: np.ndarray


class ChannelsExplorer(BrowserApp, module="explorers/channels.js"):
    """Three channels, a few filters that span them all, and what each channel adds to each output cell.

    Settings
    --------
    input : name of a volume of three channels
    weights : array (filters, 3, 3, 3); one to three filters
    bias : one number a filter
    stride, padding : int
    filter : the filter shown; position : (row, column) of the output cell whose windows are shown

    ::

        explorer = ChannelsExplorer(stride=1)
        explorer.result().output
    """

    input = Setting("Three channels 5×5").tag(sync=True, state=True)
    weights = Setting().tag(sync=True, state=True)
    bias = Setting().tag(sync=True, state=True)
    stride = Setting(2).tag(sync=True, state=True)
    padding = Setting(1).tag(sync=True, state=True)
    filter = Setting(0).tag(sync=True, state=True)
    position = Setting((0, 0)).tag(sync=True, state=True)

    volumes = traitlets.Dict(read_only=True).tag(sync=True)
    examples = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, volume, weights, bias, stride, padding):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        weights, bias = np.asarray(weights), np.asarray(bias)
        settings = {"stride": stride, "padding": padding}
        parts = [
            convolution.conv_layer(volume[None, [channel]], weights[:, [channel]], **settings)[0]
            for channel in range(len(volume))
        ]
        output = convolution.conv_layer(volume[None], weights, bias, **settings)[0]
        return Result(np.stack(parts, axis=1), output)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        names = ("weights", "bias", "stride", "padding")
        return self.compute(volume=volumes()[self.input].array, **{name: getattr(self, name) for name in names})

    @traitlets.default("weights")
    def _first_weights(self):
        return next(iter(EXAMPLES.values()))["weights"]

    @traitlets.default("bias")
    def _first_bias(self):
        return next(iter(EXAMPLES.values()))["bias"]

    @traitlets.default("volumes")
    def _all_volumes(self):
        return volume_payloads()

    @traitlets.default("examples")
    def _all_examples(self):
        return EXAMPLES

    @traitlets.validate("input")
    def _known_input(self, proposal):
        return checks.choice("input", proposal["value"], list(volumes()))

    @traitlets.validate("weights")
    def _filters_of_three_channels(self, proposal):
        weights = checks.array("weights", proposal["value"], 4)
        if weights.shape[1:] != (CHANNELS, TAPS, TAPS) or len(weights) > MOST_FILTERS:
            wanted = f"must be (filters, {CHANNELS}, {TAPS}, {TAPS}) with at most {MOST_FILTERS} filters"
            checks.refuse("weights.shape", weights.shape, wanted)
        return weights.tolist()

    @traitlets.validate("bias")
    def _a_number_a_filter(self, proposal):
        bias = checks.array("bias", proposal["value"], 1)
        if len(bias) > MOST_FILTERS:
            checks.refuse("bias.shape", bias.shape, f"must hold one number for each of at most {MOST_FILTERS} filters")
        return bias.tolist()

    @traitlets.validate("stride", "padding")
    def _within_limits(self, proposal):
        name = proposal["trait"].name
        low, high = LIMITS[name]
        value = checks.integer(name, proposal["value"], low)
        if value > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.convolution takes more")
        return value

    @traitlets.validate("filter")
    def _a_filter(self, proposal):
        value = checks.integer("filter", proposal["value"], 0)
        if value >= MOST_FILTERS:
            checks.refuse("filter", value, f"must be less than {MOST_FILTERS}")
        return value

    @traitlets.validate("position")
    def _two_places(self, proposal):
        return list(checks.per_axis("position", proposal["value"], 2, 0))
