"""What one change of a block does, in all counts: the same input and output, before and after."""

from dataclasses import dataclass

import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, cost

CHANGES = {
    "stack": "one 7×7 → three 3×3",
    "bottleneck": "basic block → bottleneck",
    "separable": "3×3 → depth-wise separable",
    "head": "dense layers → global pooling",
}
LIMITS = {"channels": (16, 1024), "side": (4, 112)}
HIDDEN, CLASSES = 4096, 1000  # of the dense layers of AlexNet and VGG


@dataclass(frozen=True)
class Step:
    """A layer without bias: kernel (0: pooling of the whole map), channels in and out, groups, side of its output."""

    kernel: int
    inputs: int
    outputs: int
    groups: int
    side: int

    @property
    def parameters(self):
        if not self.kernel:
            return 0
        return cost.conv_parameters(self.inputs, self.outputs, self.kernel, groups=self.groups, bias=False)

    @property
    def multiply_adds(self):
        if not self.kernel:
            return 0
        return cost.conv_macs(self.inputs, self.outputs, self.kernel, self.side, groups=self.groups)


@dataclass(frozen=True)
class Side:
    """One of the two blocks: its layers and its counts; `field`: on a side, what a unit sees of the block's input."""

    steps: list
    parameters: int
    multiply_adds: int
    field: int


class OneChange(BrowserApp, module="explorers/architectures_change.js"):
    """A block before and after a change.

    change : one of CHANGES; channels : in and out of the block, a multiple of 4; side : cells on a side of its map
    """

    change = Setting("stack").tag(sync=True, state=True)
    channels = Setting(64).tag(sync=True, state=True)
    side = Setting(56).tag(sync=True, state=True)

    changes = traitlets.Dict(CHANGES, read_only=True).tag(sync=True)
    limits = traitlets.Dict({name: list(ends) for name, ends in LIMITS.items()}, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, change, channels, side):
        """The same as the page computes, by `cnnlab.core`: the `Side` before and the one after."""
        return tuple(_counted(steps, side) for steps in _steps(change, channels, side))

    @traitlets.validate("change")
    def _known_change(self, proposal):
        return checks.choice("change", proposal["value"], tuple(CHANGES))

    @traitlets.validate("channels", "side")
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        low, high = LIMITS[name]
        if checks.integer(name, value, low) > high:
            checks.refuse(name, value, f"must be at most {high} here")
        if name == "channels" and value % 4:
            checks.refuse(name, value, "must be a multiple of 4: a bottleneck has a quarter of the channels inside")
        return value


def _steps(change, channels, side):
    """Both blocks as lists of steps."""

    def conv(kernel, inputs=channels, outputs=channels, groups=1):
        return Step(kernel, inputs, outputs, groups, side)

    def dense(inputs, outputs):
        return Step(1, inputs, outputs, 1, 1)

    quarter = channels // 4
    if change == "stack":
        return [conv(7)], [conv(3)] * 3
    if change == "bottleneck":
        return [conv(3)] * 2, [conv(1, channels, quarter), conv(3, quarter, quarter), conv(1, quarter, channels)]
    if change == "separable":
        return [conv(3)], [conv(3, groups=channels), conv(1)]
    first = Step(side, channels, HIDDEN, 1, 1)  # a dense layer reads the whole map
    return (
        [first, dense(HIDDEN, HIDDEN), dense(HIDDEN, CLASSES)],
        [Step(0, channels, channels, 1, 1), dense(channels, CLASSES)],
    )


def _counted(steps, side):
    field = 1 + sum((step.kernel or side) - 1 for step in steps)
    return Side(steps, sum(step.parameters for step in steps), sum(step.multiply_adds for step in steps), field)
