"""Which input channel reaches which output channel, and what that costs: one layer, rewired."""

import math
from dataclasses import dataclass

import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.apps.channels_menu import LAYERS
from cnnlab.core import arithmetic, checks

KINDS = ("standard", "1×1", "grouped", "depth-wise", "separable", "shuffled")
LIMITS = {"channels": (1, 128), "kernel": (1, 11), "size": (1, 256), "stride": (1, 4), "groups": (1, 128)}


@dataclass(frozen=True)
class Cost:
    """Weights and biases of a layer, and its multiply-adds for one input."""

    weights: int
    biases: int
    multiply_adds: int

    @property
    def parameters(self):
        return self.weights + self.biases


@dataclass(frozen=True)
class Result:
    """The layer as wired, the standard layer of the same size, and the dense layer in their place.

    `shape` is (filters, rows, columns), `seen` the number of input channels that one output channel depends on.
    """

    shape: tuple[int, int, int]
    seen: int
    wired: Cost
    standard: Cost
    dense: Cost


class WiringExplorer(BrowserApp, module="explorers/channels_wiring.js"):
    """One control rewires a layer: standard, 1x1, grouped, depth-wise, depth-wise separable, with channel shuffle.

    Settings
    --------
    kind : "standard", "1×1", "grouped", "depth-wise", "separable" or "shuffled"
    channels : (input channels, filters); a depth-wise layer has as many filters as channels
    kernel : odd int; size : rows and columns of the input; stride : int; pad : whether half the kernel is added around
    groups : used by "grouped" and "shuffled"; must divide both numbers of channels
    """

    kind = Setting("standard").tag(sync=True, state=True)
    channels = Setting().tag(sync=True, state=True)
    kernel = Setting(3).tag(sync=True, state=True)
    size = Setting(64).tag(sync=True, state=True)
    stride = Setting(1).tag(sync=True, state=True)
    pad = Setting(True).tag(sync=True, state=True)
    groups = Setting(4).tag(sync=True, state=True)

    examples = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, kind, channels, kernel, size, stride, pad, groups):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        inputs, filters = channels
        taps = 1 if kind == "1×1" else kernel
        if kind == "depth-wise":
            filters = inputs
        output = arithmetic.output_size(size, taps, stride, taps // 2 if pad else 0)
        wired = _wired(kind, inputs, filters, taps, output, groups)
        standard = _layer(inputs, filters, taps, output)
        cells, results = inputs * size**2, filters * output**2
        dense = Cost(arithmetic.dense_macs(cells, results), results, arithmetic.dense_macs(cells, results))
        seen = {"grouped": inputs // groups, "depth-wise": 1}.get(kind, inputs)
        if kind == "shuffled":
            seen = inputs // groups * len({_shuffled(unit, filters, groups) for unit in range(filters // groups)})
        return Result((filters, output, output), seen, wired, standard, dense)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(**self.state)

    @traitlets.default("channels")
    def _first_channels(self):
        return [16, 32]

    @traitlets.default("examples")
    def _all_examples(self):
        return LAYERS

    @traitlets.validate("kind")
    def _known_kind(self, proposal):
        return checks.choice("kind", proposal["value"], KINDS)

    @traitlets.validate("channels")
    def _two_numbers(self, proposal):
        value = list(checks.per_axis("channels", proposal["value"], 2, LIMITS["channels"][0]))
        if max(value) > LIMITS["channels"][1]:
            checks.refuse("channels", value, f"must be at most {LIMITS['channels'][1]} here")
        return value

    @traitlets.validate("kernel", "size", "stride", "groups")
    def _within_limits(self, proposal):
        name = proposal["trait"].name
        low, high = LIMITS[name]
        value = checks.integer(name, proposal["value"], low)
        if value > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.arithmetic takes more")
        if name == "kernel" and value % 2 == 0:
            checks.refuse(name, value, "must be odd here, so that half of it can be added on each side")
        return value

    @traitlets.validate("pad")
    def _yes_or_no(self, proposal):
        return checks.flag("pad", proposal["value"])


def _layer(inputs, filters, kernel, output, groups=1, bias=True):
    weights = arithmetic.conv_parameters(inputs, filters, kernel, groups=groups, bias=False)
    macs = arithmetic.conv_macs(inputs, filters, kernel, output, groups=groups)
    return Cost(weights, filters if bias else 0, macs)


def _wired(kind, inputs, filters, kernel, output, groups):
    if kind == "separable":
        cost = arithmetic.separable_parameters(inputs, filters, kernel)
        macs = arithmetic.separable_macs(inputs, filters, kernel, output)
        return Cost(cost.depthwise + cost.pointwise, cost.bias, macs)
    if kind == "shuffled":  # grouped, channels shuffled, grouped 1x1; one bias an output channel
        first = _layer(inputs, filters, kernel, output, groups, bias=False)
        second = _layer(filters, filters, 1, output, groups)
        return Cost(first.weights + second.weights, filters, first.multiply_adds + second.multiply_adds)
    return _layer(inputs, filters, kernel, output, {"grouped": groups, "depth-wise": inputs}.get(kind, 1))


def _shuffled(unit, channels, groups):
    """The group that the shuffle takes its `unit`-th channel from (Zhang et al., 2018: reshape, transpose, flatten)."""
    width = channels // groups
    source = unit % groups * width + unit // groups
    return source // width


def shares(inputs, filters):
    """The numbers of groups that divide both."""
    common = math.gcd(inputs, filters)
    return [number for number in range(1, common + 1) if common % number == 0]
