"""What batch norm does to the spread of activations through a stack of random layers."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.activations import FUNCTIONS
from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import activations, checks, normalization

UNITS, EXAMPLES, MOST_LAYERS = 64, 32, 30
MOST_SEED = 99
SCALES = (0.1, 3)


@dataclass(frozen=True, eq=False)
class Result:
    """The spread (standard deviation) and the share of zeros of what each layer puts out; layer 0 is the input."""

    plain: np.ndarray
    normed: np.ndarray
    plain_zeros: np.ndarray
    normed_zeros: np.ndarray


class SpreadExplorer(BrowserApp, module="explorers/spread.js"):
    """A mini-batch of 32 examples through 2 to 30 random layers of 64 units, with and without batch norm.

    Settings
    --------
    depth : layers, 2 to 30
    scale : the standard deviation of a weight times the square root of the units, 0.1 to 3. He's rule for ReLU is
        the square root of 2, Glorot's for layers as wide as these is 1
    function : as in the activation gallery
    batch_norm : which of the two stacks the histograms show
    seed : other weights, 1 to 99
    """

    depth = Setting(30).tag(sync=True, state=True)
    scale = Setting(1.0).tag(sync=True, state=True)
    function = Setting("relu").tag(sync=True, state=True)
    batch_norm = Setting(False).tag(sync=True, state=True)
    seed = Setting(1).tag(sync=True, state=True)

    names = traitlets.Dict(FUNCTIONS, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, depth, scale, function, batch_norm, seed):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        plain, normed = (_through(depth, scale, function, normed, seed) for normed in (False, True))
        return Result(plain[0], normed[0], plain[1], normed[1])

    @traitlets.validate("depth", "seed")
    def _counted(self, proposal):
        name = proposal["trait"].name
        low, high = {"depth": (2, MOST_LAYERS), "seed": (1, MOST_SEED)}[name]
        return int(checks.within(name, checks.integer(name, proposal["value"], low), low, high))

    @traitlets.validate("scale")
    def _in_range(self, proposal):
        return checks.within("scale", proposal["value"], *SCALES)

    @traitlets.validate("function")
    def _known_function(self, proposal):
        return checks.choice("function", proposal["value"], FUNCTIONS)

    @traitlets.validate("batch_norm")
    def _yes_or_no(self, proposal):
        return checks.flag("batch_norm", proposal["value"])


def _through(depth, scale, function, normed, seed):
    """(spread, share of zeros) of the input and of each layer's output."""
    numbers = normals(seed, UNITS * (EXAMPLES + depth * UNITS))
    x, weights = numbers[: UNITS * EXAMPLES].reshape(EXAMPLES, UNITS), numbers[UNITS * EXAMPLES :]
    kinds = [x]
    for weight in weights.reshape(depth, UNITS, UNITS):
        z = x @ (weight.T * scale / np.sqrt(UNITS))
        x = activations.ACTIVATIONS[function].function(normalization.batch_norm(z) if normed else z)
        kinds.append(x)
    return np.array([x.std() for x in kinds]), np.array([(x == 0).mean() for x in kinds])


def normals(seed, count):
    """Standard normal numbers that come out the same in the page (widgets/js/random.js): each a hash of its place."""
    first, second = _uniform(seed, np.arange(1, 2 * count + 1, dtype=np.uint32)).reshape(count, 2).T
    return np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)


def _uniform(seed, places):
    """Numbers between 0 and 1 by the hash mulberry32; unsigned arithmetic wraps around."""
    at = np.uint32(seed) + places * np.uint32(0x6D2B79F5)
    mixed = (at ^ (at >> 15)) * (at | np.uint32(1))
    mixed ^= mixed + (mixed ^ (mixed >> 7)) * (mixed | np.uint32(61))
    return ((mixed ^ (mixed >> 14)) + 0.5) / 2.0**32
