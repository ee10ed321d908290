"""Backpropagation through one layer, cell by cell: the explorer of convolution and pooling backwards."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.backprop_menu import EXAMPLES, MOST_CELLS, MOST_TAPS, OPERATIONS, UPSTREAM, upstream
from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import backprop, checks, convolution, pooling

LIMITS = {"stride": (1, 3), "padding": (0, 3)}
PARTS = ("input", "weight", "output")
FIRST = EXAMPLES["Gradient of the input"]


@dataclass(frozen=True, eq=False)
class Result:
    """Forward and backward of one layer: `output`, the `gradient` by it, by the `input` and by the `weight`.

    A pooling layer has no weights: `by_weight` is None.
    """

    output: np.ndarray
    gradient: np.ndarray
    by_input: np.ndarray
    by_weight: np.ndarray | None


class BackwardExplorer(BrowserApp, module="explorers/backprop.js"):
    """One layer forward and backward, and where each gradient comes from.

    All settings can be given at the start, read, set and observed::

        explorer = BackwardExplorer(input=[[1, 2, 3, 4]], kernel=[[5, 6, 7]])
        explorer.result().by_input

    Settings
    --------
    operation : "convolution" (a correlation, as networks use it), "max pooling" or "average pooling"
    input : array of up to 8 rows and columns
    kernel : array of up to 4 rows and columns; for pooling its size alone counts, as that of the window
    stride, padding : one whole number for both axes; padding holds zeros (and never wins in max pooling)
    upstream : the gradient by the output: "numbers", "ones" or "one cell"
    part, position : what is explained: a cell of the "input", a "weight", or a cell of the "output"
    """

    operation = Setting(FIRST["operation"]).tag(sync=True, state=True)
    input = Setting(FIRST["input"]).tag(sync=True, state=True)
    kernel = Setting(FIRST["kernel"]).tag(sync=True, state=True)
    stride = Setting(FIRST["stride"]).tag(sync=True, state=True)
    padding = Setting(FIRST["padding"]).tag(sync=True, state=True)
    upstream = Setting(FIRST["upstream"]).tag(sync=True, state=True)
    part = Setting(FIRST["part"]).tag(sync=True, state=True)
    position = Setting(FIRST["position"]).tag(sync=True, state=True)

    beside = traitlets.Dict({}).tag(sync=True)
    examples = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, operation, input, kernel, stride, padding, upstream):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        x, kernel = np.asarray(input, float), np.asarray(kernel, float)
        settings = {"stride": stride, "padding": padding}
        if operation == "convolution":
            output = convolution.correlate(x, kernel, **settings)
            gradient = _upstream(upstream, output)
            return Result(output, gradient, *backprop.correlate_backward(gradient, x, kernel, **settings))
        if padding > min(kernel.shape) // 2:
            checks.refuse("padding", padding, "must be at most half the pooling window, so that each sees the input")
        mode = operation.split()[0]
        output = pooling.pool(x, kernel.shape, mode=mode, **settings)
        gradient = _upstream(upstream, output)
        by_input = backprop.pool_backward(gradient, x, kernel.shape, mode=mode, **settings)
        return Result(output, gradient, by_input, None)

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(**self._layer())

    def put_beside(self, by_input, by_weight=None, name="autograd"):
        """Show somebody else's gradients of the present layer beside ours, until its settings change."""
        expected = self.result()
        gradients = {"input": (by_input, expected.by_input), "weight": (by_weight, expected.by_weight)}
        shown = {}
        for part, (given, ours) in gradients.items():
            if given is not None and ours is not None:
                given = checks.array(f"by_{part}", given, 2)
                if given.shape != ours.shape:
                    checks.refuse(f"by_{part}.shape", given.shape, f"must be {ours.shape}")
                shown[part] = given.tolist()
        self.beside = {"name": name, "layer": self._layer(), **shown}

    def _layer(self):
        return {name: value for name, value in self.state.items() if name not in ("part", "position")}

    @traitlets.default("examples")
    def _all_examples(self):
        return EXAMPLES

    @traitlets.validate("operation", "upstream", "part")
    def _known(self, proposal):
        name = proposal["trait"].name
        known = {"operation": OPERATIONS, "upstream": UPSTREAM, "part": PARTS}[name]
        return checks.choice(name, proposal["value"], known)

    @traitlets.validate("input", "kernel")
    def _small_table(self, proposal):
        name = proposal["trait"].name
        values, most = checks.array(name, proposal["value"], 2), MOST_CELLS if name == "input" else MOST_TAPS
        if max(values.shape) > most:
            checks.refuse(f"{name}.shape", values.shape, f"must be at most {most} rows and {most} columns")
        return values.tolist()

    @traitlets.validate("stride", "padding")
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        low, high = LIMITS[name]
        if checks.integer(name, value, low) > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.backprop takes more")
        return value

    @traitlets.validate("position")
    def _a_place(self, proposal):
        return list(checks.per_axis("position", proposal["value"], 2, 0))


def _upstream(rule, output):
    return upstream(rule, *output.shape)
