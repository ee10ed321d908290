"""Theoretical against effective receptive field: the gradient of one unit in random networks, measured.

One pass back through the deepest stack gives all depths: the gradient that has come down d layers is what a unit of a
stack of d layers answers to.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import activations, backprop, checks, convolution, images
from cnnlab.widgets import payload

DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32)
KINDS = ("all weights alike", "random weights", "random weights and ReLU")
SHARE = 0.95
CHANNELS, NETS, SEED = 4, 4, 0


@dataclass(frozen=True, eq=False)
class Result:
    """`field`: side of the theoretical square; `effective`: side of the smallest centred one that holds SHARE.

    `strength` is each pixel's share of the gradient, and `effectives` the effective side at every measured depth.
    """

    field: int
    effective: int
    strength: np.ndarray
    effectives: list[int]


@cache
def measured(kind):
    """{depth: each pixel's share of |gradient|}, averaged over channels and networks."""
    deepest = max(DEPTHS)
    sums = {depth: np.zeros((2 * depth + 1,) * 2) for depth in DEPTHS}
    generator = np.random.default_rng(SEED)
    alike = kind == KINDS[0]
    for _ in range(1 if alike else NETS):
        for depth, strength in _gradients(generator, deepest, 1 if alike else CHANNELS, alike, kind == KINDS[2]):
            if depth in sums:
                sums[depth] += strength / strength.sum()
    return {depth: total / total.sum() for depth, total in sums.items()}


def _gradients(generator, deepest, channels, alike, rectified):
    """Pairs (depth, sum of |gradient| over channels) of one network of 3x3 layers, from the unit down to the input."""
    shape = (channels, channels, 3, 3)
    scale = np.sqrt((2 if rectified else 1) / (9 * channels))
    layers = [np.ones(shape) if alike else scale * generator.normal(size=shape) for _ in range(deepest)]
    maps = [generator.normal(size=(1, channels, 2 * deepest + 1, 2 * deepest + 1))]
    if rectified:
        for weight in layers[:-1]:
            maps.append(convolution.conv_layer(_passed(maps), weight))
    gradient = np.zeros((1, channels, 1, 1))
    gradient[0, 0] = 1
    for depth in range(1, deepest + 1):
        below = deepest - depth
        gradient = convolution.conv_transpose_layer(gradient, layers[below])  # by the input alone, no layer learns here
        gradient /= np.abs(gradient).max()  # only shares count, and the numbers stay small
        yield depth, np.abs(gradient[0]).sum(axis=0)
        if rectified and below:
            gradient = backprop.activation_backward(gradient, maps[below], "relu")


def _passed(maps):
    """What the last of these maps hands to the next layer: the input as it is, every other one through ReLU."""
    return maps[-1] if len(maps) == 1 else activations.relu(maps[-1])


def effective_side(strength, share=SHARE):
    """Side of the smallest centred square that holds `share` of the gradient.

    >>> effective_side(np.ones((3, 3)) / 9)
    3
    """
    middle = len(strength) // 2
    for reach in range(middle + 1):
        part = slice(middle - reach, middle + reach + 1)
        if strength[part, part].sum() >= share * strength.sum():
            return 2 * reach + 1
    return len(strength)


def _shades(strength):
    return np.rint(255 * strength / strength.max()).astype(np.uint8)


class EffectiveField(BrowserApp, module="explorers/receptive_effective.js"):
    """`depth` layers of 3×3: what one unit can see, and what it really answers to.

    Settings: `depth` (one of DEPTHS), `kind` of network (one of KINDS), `view` ("gradient" or "photograph").
    """

    depth = Setting(16).tag(sync=True, state=True)
    kind = Setting(KINDS[1]).tag(sync=True, state=True)
    view = Setting("gradient").tag(sync=True, state=True)

    depths = traitlets.List(list(DEPTHS), read_only=True).tag(sync=True)
    share = traitlets.Float(SHARE, read_only=True).tag(sync=True)
    fields = traitlets.Dict(read_only=True).tag(sync=True)
    photograph = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, depth, kind):
        """The same as the page computes; returns a `Result`."""
        strengths = measured(kind)
        strength = strengths[depth]
        return Result(len(strength), effective_side(strength), strength, [effective_side(strengths[d]) for d in DEPTHS])

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(depth=self.depth, kind=self.kind)

    @traitlets.default("fields")
    def _all_fields(self):
        """The squares in 256 shades, and their effective sides."""
        return {
            kind: {
                "shades": [payload.encode(_shades(measured(kind)[depth])) for depth in DEPTHS],
                "effectives": [effective_side(measured(kind)[depth]) for depth in DEPTHS],
            }
            for kind in KINDS
        }

    @traitlets.default("photograph")
    def _behind(self):
        return payload.encode(images.picture("Cat", 2 * max(DEPTHS) + 1))

    @traitlets.validate("depth")
    def _measured_depth(self, proposal):
        if checks.integer("depth", proposal["value"], 1) not in DEPTHS:
            checks.refuse("depth", proposal["value"], f"was not measured; take one of {', '.join(map(str, DEPTHS))}")
        return proposal["value"]

    @traitlets.validate("kind")
    def _known_kind(self, proposal):
        return checks.choice("kind", proposal["value"], KINDS)

    @traitlets.validate("view")
    def _known_view(self, proposal):
        return checks.choice("view", proposal["value"], ("gradient", "photograph"))
