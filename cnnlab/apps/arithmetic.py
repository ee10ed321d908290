"""Convolution arithmetic: everything that determines the size and the cost of a layer, in one explorer."""

import itertools
from dataclasses import dataclass

import traitlets

from cnnlab.apps.arithmetic_menu import EXAMPLES, plain
from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import arithmetic, checks

MODES = ("2-D", "transposed", "1-D", "causal")
LIMITS = {  # of each axis: (lowest, highest)
    "size": (1, 256),
    "kernel": (1, 11),
    "stride": (1, 8),
    "dilation": (1, 8),
    "padding": (0, 11),
    "output_padding": (0, 7),
    "channels": (1, 1024),
}
PUZZLE = {"kernel": (1, 5), "stride": (1, 3), "dilation": (1, 2), "padding": (0, 2), "output_padding": (0, 1)}


@dataclass(frozen=True)
class Result:
    """What a layer makes of its input, and what it costs.

    `shape` is (filters, *output size); `uncovered` counts the cells of each axis that no window reaches;
    `memory` holds the bytes of input, weights and output at 4 bytes a value.
    """

    shape: tuple[int, ...]
    uncovered: tuple[int, ...]
    parameters: int
    multiply_adds: int
    memory: dict


class ArithmeticExplorer(BrowserApp, module="explorers/arithmetic.js"):
    """Input cells, window and output cells of a layer, the size formula and the cost, all linked.

    Settings
    --------
    mode : "2-D", "transposed", "1-D" or "causal"
    size, kernel, stride, dilation : int, or (rows, columns); series use the columns alone
    padding : int, (rows, columns), "valid", "same" or "full"; a causal series pads by itself
    output_padding : int, or (rows, columns); used by transposed convolutions
    channels : (input channels, filters)
    bias : bool
    position : (row, column) of the window shown
    puzzle : () or (input size, output size) to be found; `found` holds the settings found so far

    ::

        explorer = ArithmeticExplorer(size=227, kernel=11, stride=4, channels=(3, 96))
        explorer.result().shape
    """

    mode = Setting("2-D").tag(sync=True, state=True)
    size = Setting().tag(sync=True, state=True)
    kernel = Setting().tag(sync=True, state=True)
    stride = Setting().tag(sync=True, state=True)
    dilation = Setting().tag(sync=True, state=True)
    padding = Setting().tag(sync=True, state=True)
    output_padding = Setting().tag(sync=True, state=True)
    channels = Setting().tag(sync=True, state=True)
    bias = Setting(True).tag(sync=True, state=True)
    position = Setting((1, 1)).tag(sync=True, state=True)
    puzzle = Setting(()).tag(sync=True, state=True)
    found = Setting(()).tag(sync=True, state=True)

    examples = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, mode, size, kernel, stride, dilation, padding, output_padding, channels, bias):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        axes = (1,) if mode in ("1-D", "causal") else (0, 1)
        inputs, filters = channels
        cells = [size[axis] for axis in axes]
        taps = [kernel[axis] for axis in axes]
        pad = [padding if isinstance(padding, str) else padding[axis] for axis in axes]
        if mode == "transposed":
            output = [
                arithmetic.transposed_output_size(n, k, stride[i], p, dilation[i], output_padding[i])
                for i, n, k, p in zip(axes, cells, taps, pad, strict=True)
            ]
            uncovered = [0, 0]
        else:
            told = [
                arithmetic.explain(n, k, stride[i], _causal(k, dilation[i]) if mode == "causal" else p, dilation[i])
                for i, n, k, p in zip(axes, cells, taps, pad, strict=True)
            ]
            output, uncovered = [one.result for one in told], [one.uncovered for one in told]
        parameters = arithmetic.conv_parameters(inputs, filters, taps, bias=bias)
        places = cells if mode == "transposed" else output  # each place uses every weight once
        shape = (filters, *output)
        memory = {
            "input": arithmetic.activation_memory((inputs, *cells)),
            "weights": arithmetic.activation_memory((parameters,)),
            "output": arithmetic.activation_memory(shape),
        }
        macs = arithmetic.conv_macs(inputs, filters, taps, places)
        return Result(shape, tuple(uncovered), parameters, macs, memory)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(
            **{name: value for name, value in self.state.items() if name not in ("position", "puzzle", "found")}
        )

    @traitlets.default("examples")
    def _all_examples(self):
        return EXAMPLES

    @traitlets.default("size")
    def _first_size(self):
        return plain("2-D")["size"]

    @traitlets.default("kernel")
    def _first_kernel(self):
        return plain("2-D")["kernel"]

    @traitlets.default("stride")
    def _first_stride(self):
        return [2, 2]

    @traitlets.default("padding")
    def _first_padding(self):
        return [1, 1]

    @traitlets.default("dilation")
    def _first_dilation(self):
        return [1, 1]

    @traitlets.default("output_padding")
    def _first_output_padding(self):
        return [0, 0]

    @traitlets.default("channels")
    def _first_channels(self):
        return [3, 8]

    @traitlets.validate("mode")
    def _known_mode(self, proposal):
        return checks.choice("mode", proposal["value"], MODES)

    @traitlets.validate(*LIMITS)
    def _a_number_an_axis(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if name == "padding" and isinstance(value, str):
            return checks.choice("padding", value, arithmetic.NAMED_PADDINGS)
        low, high = LIMITS[name]
        pair = checks.per_axis(name, value, 2, low)
        if max(pair) > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.arithmetic takes more")
        return list(pair)

    @traitlets.validate("bias")
    def _yes_or_no(self, proposal):
        return checks.flag("bias", proposal["value"])

    @traitlets.validate("position")
    def _two_places(self, proposal):
        return list(checks.per_axis("position", proposal["value"], 2, 0))

    @traitlets.validate("puzzle")
    def _two_sizes(self, proposal):
        value = proposal["value"]
        return [] if value in ((), []) else list(checks.per_axis("puzzle", value, 2, 1))

    @traitlets.validate("found")
    def _a_list_of_settings(self, proposal):
        if not isinstance(proposal["value"], (tuple, list)):
            checks.refuse("found", proposal["value"], "must be a list of settings, (kernel, stride, ...) each")
        return [list(checks.per_axis("found", setting, len(PUZZLE), 0)) for setting in proposal["value"]]


def solutions(mode, n, size):
    """Every setting within `PUZZLE` that makes `size` cells of `n`; a kernel of one tap knows no dilation.

    >>> solutions("2-D", 3, 7)
    [{'kernel': 1, 'stride': 1, 'dilation': 1, 'padding': 2, 'output_padding': 0}]
    """
    ranges = {name: range(low, high + 1) for name, (low, high) in PUZZLE.items()}
    if mode != "transposed":
        ranges["output_padding"] = (0,)
    if mode == "causal":
        ranges["padding"] = (0,)
    found = []
    for values in itertools.product(*ranges.values()):
        setting = dict(zip(ranges, values, strict=True))
        if (setting["kernel"] > 1 or setting["dilation"] == 1) and _made(mode, n, **setting) == size:
            found.append(setting)
    return found


def _made(mode, n, kernel, stride, dilation, padding, output_padding):
    """The size of the output, or None where there is none."""
    if mode == "causal":
        padding = _causal(kernel, dilation)
    try:
        if mode == "transposed":
            return arithmetic.transposed_output_size(n, kernel, stride, padding, dilation, output_padding)
        return arithmetic.output_size(n, kernel, stride, padding, dilation)
    except ValueError:
        return None


def _causal(kernel, dilation):
    """The padding of a causal axis: all of it before the first cell, so that no output looks ahead."""
    return arithmetic.span(kernel, dilation) - 1, 0
