"""The inception module, with and without bottlenecks: where its multiply-adds go."""

from dataclasses import dataclass

import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import arithmetic, checks

BRANCHES = arithmetic.INCEPTION_NAIVE
LIMITS = {"reduce3": (1, 256), "reduce5": (1, 256), "project": (1, 256), "depth": (1, 1024), "size": (1, 64)}


@dataclass(frozen=True)
class Result:
    """Multiply-adds of each branch, as built and in the naive module, and the output channels of both."""

    branches: dict
    naive: dict
    channels: int
    naive_channels: int

    @property
    def total(self):
        return sum(self.branches.values())

    @property
    def naive_total(self):
        return sum(self.naive.values())


class InceptionExplorer(BrowserApp, module="explorers/channels_inception.js"):
    """Four branches side by side on one input; 1x1 layers in front of the large kernels make them cheap.

    Settings
    --------
    bottlenecks : bool
    reduce3, reduce5 : channels left by the 1x1 layer in front of the 3x3 and the 5x5 kernels
    project : channels left by the 1x1 layer behind the pooling
    depth, size : channels, and rows and columns, of the input
    """

    bottlenecks = Setting(True).tag(sync=True, state=True)
    reduce3 = Setting(64).tag(sync=True, state=True)
    reduce5 = Setting(64).tag(sync=True, state=True)
    project = Setting(64).tag(sync=True, state=True)
    depth = Setting(arithmetic.INCEPTION_INPUT["in_channels"]).tag(sync=True, state=True)
    size = Setting(arithmetic.INCEPTION_INPUT["size"]).tag(sync=True, state=True)

    filters = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, bottlenecks, reduce3, reduce5, project, depth, size):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        settings = {"in_channels": depth, "size": size}
        built = BRANCHES
        if bottlenecks:
            built = {
                "1x1": BRANCHES["1x1"],
                "3x3": [(1, reduce3), *BRANCHES["3x3"]],
                "5x5": [(1, reduce5), *BRANCHES["5x5"]],
                "pool": [*BRANCHES["pool"], (1, project)],
            }
        return Result(
            arithmetic.module_macs(built, **settings),
            arithmetic.module_macs(BRANCHES, **settings),
            *(sum(branch[-1][1] or depth for branch in module.values()) for module in (built, BRANCHES)),
        )

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(**self.state)

    @traitlets.default("filters")
    def _filters_of_the_lecture(self):
        return {name: layers[-1][1] for name, layers in BRANCHES.items() if name != "pool"}

    @traitlets.validate("bottlenecks")
    def _yes_or_no(self, proposal):
        return checks.flag("bottlenecks", proposal["value"])

    @traitlets.validate(*LIMITS)
    def _within_limits(self, proposal):
        name = proposal["trait"].name
        low, high = LIMITS[name]
        value = checks.integer(name, proposal["value"], low)
        if value > high:
            checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.arithmetic takes more")
        return value
