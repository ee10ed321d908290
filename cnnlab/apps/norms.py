"""Batch, layer, instance and group norm as one picture: which cells of a block share one mean."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, normalization

EXAMPLES, CHANNELS, PLACES = SHAPE = (3, 6, 4)
NORMS = ("batch", "layer", "instance", "group", "response")
GROUPS = tuple(n for n in range(1, CHANNELS + 1) if CHANNELS % n == 0)
LIMITS = {"offset": (-5, 5), "gain": (0.5, 4), "weight": (0, 1)}


@dataclass(frozen=True, eq=False)
class Result:
    """The block, (N, C, P); what the norm makes of it; and the cells that the marked one is compared with."""

    block: np.ndarray
    output: np.ndarray
    shared: np.ndarray


class NormsExplorer(BrowserApp, module="explorers/norms.js"):
    """The same block under five normalisations.

    Settings
    --------
    norm : "batch", "layer", "instance", "group", or "response" (local response normalisation)
    groups : of group norm: 1, 2, 3 or 6
    size, weight : of local response normalisation: how many channels count, and its alpha
    offset, gain : the first example is changed to gain * x + offset
    cell : (example, channel, place) of the marked cell
    """

    norm = Setting("batch").tag(sync=True, state=True)
    groups = Setting(2).tag(sync=True, state=True)
    size = Setting(5).tag(sync=True, state=True)
    weight = Setting(0.1).tag(sync=True, state=True)
    offset = Setting(0.0).tag(sync=True, state=True)
    gain = Setting(1.0).tag(sync=True, state=True)
    cell = Setting((0, 1, 2)).tag(sync=True, state=True)

    values = traitlets.List(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, norm, groups, size, weight, offset, gain, cell):
        """The same as the page computes, by `cnnlab.core.normalization`; returns a `Result`."""
        block = values()
        block[0] = gain * block[0] + offset
        output = {
            "batch": lambda: normalization.batch_norm(block),
            "layer": lambda: normalization.layer_norm(block),
            "instance": lambda: normalization.instance_norm(block),
            "group": lambda: normalization.group_norm(block, groups),
            "response": lambda: normalization.local_response_norm(block, size, alpha=weight),
        }[norm]()
        return Result(block, output, _shared(norm, groups, size, cell))

    @traitlets.default("values")
    def _values(self):
        return values().tolist()

    @traitlets.validate("norm")
    def _known_norm(self, proposal):
        return checks.choice("norm", proposal["value"], NORMS)

    @traitlets.validate("groups")
    def _divisor(self, proposal):
        if proposal["value"] not in GROUPS:
            checks.refuse("groups", proposal["value"], f"must divide the {CHANNELS} channels")
        return int(proposal["value"])

    @traitlets.validate("size")
    def _some_channels(self, proposal):
        return int(checks.within("size", checks.integer("size", proposal["value"], 1), 1, CHANNELS))

    @traitlets.validate("offset", "gain", "weight")
    def _in_range(self, proposal):
        name = proposal["trait"].name
        return checks.within(name, proposal["value"], *LIMITS[name])

    @traitlets.validate("cell")
    def _a_cell(self, proposal):
        cell = checks.per_axis("cell", proposal["value"], 3, 0)
        if any(place >= most for place, most in zip(cell, SHAPE, strict=True)):
            checks.refuse("cell", cell, f"must lie in a block of {SHAPE}")
        return list(cell)


def values():
    """The block, (N, C, P): small numbers; examples differ in brightness, channels in what they answer to."""
    rng = np.random.default_rng(5)
    brightness, strength = np.array([0, 2, -1])[:, None, None], np.array([1, 3, 1, 2, 1, 2])[:, None]
    return np.clip(
        brightness + strength * rng.normal(size=SHAPE) + np.array([0, 1, 3, -2, 0, 2])[:, None], -9, 9
    ).round()


def _shared(norm, groups, size, cell):
    """True for the cells whose numbers the marked cell is normalised by."""
    example, channel, place = cell
    shared = np.zeros(SHAPE, bool)
    width = CHANNELS // groups
    first = channel // width * width
    where = {
        "batch": (slice(None), channel),
        "layer": (example,),
        "instance": (example, channel),
        "group": (example, slice(first, first + width)),
        "response": (example, slice(max(0, channel - size // 2), channel + (size - 1) // 2 + 1), place),
    }[norm]
    shared[where] = True
    return shared
