"""The activation gallery: curves and slopes under a movable point, and what they make of a mini-batch."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import activations, checks
from cnnlab.widgets import payload

FUNCTIONS = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "gelu": "GELU",
    "silu": "SiLU",
}
UNITS, EXAMPLES = 24, 12
ALMOST_FLAT = 0.05  # a slope nearer to 0 than this counts as vanishing
LIMITS = {"point": (-6, 6), "mean": (-6, 6), "spread": (0.1, 4), "leak": (0.01, 0.5)}
MOST_LAYERS = 30


@dataclass(frozen=True, eq=False)
class Result:
    """What the gallery shows: the point on both curves, and the mini-batch, (examples, units)."""

    value: float
    slope: float
    through: float  # the slope at the point multiplied once a layer
    inputs: np.ndarray
    outputs: np.ndarray
    slopes: np.ndarray

    @property
    def off(self):
        """Values that pass no gradient at all."""
        return int((self.slopes == 0).sum())

    @property
    def vanishing(self):
        """Values that pass almost no gradient, or none."""
        return int((abs(self.slopes) < ALMOST_FLAT).sum())

    @property
    def dead(self):
        """Units that pass no gradient for any example of the mini-batch."""
        return int((self.slopes == 0).all(axis=0).sum())


class ActivationGallery(BrowserApp, module="explorers/activations.js"):
    """Activation functions and their slopes, and a mini-batch that runs through them.

    Settings
    --------
    function : "relu", "leaky_relu", "sigmoid", "tanh", "gelu" or "silu"
    point : the x that is looked at, -6 to 6
    mean, spread : of the mini-batch's inputs
    leak : the slope of leaky ReLU below 0
    layers : how many slopes like the one at the point are multiplied, 1 to 30
    compare : whether the other functions are drawn too
    """

    function = Setting("relu").tag(sync=True, state=True)
    point = Setting(1.5).tag(sync=True, state=True)
    mean = Setting(-1.0).tag(sync=True, state=True)
    spread = Setting(1.0).tag(sync=True, state=True)
    leak = Setting(0.1).tag(sync=True, state=True)
    layers = Setting(10).tag(sync=True, state=True)
    compare = Setting(False).tag(sync=True, state=True)

    noise = traitlets.Dict(read_only=True).tag(sync=True)
    notes = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, function, point, mean, spread, leak, layers, compare):
        """The same as the page computes, by `cnnlab.core.activations`; returns a `Result`."""
        entry = activations.ACTIVATIONS[function]
        value, derivative = entry.function, entry.derivative
        if function == "leaky_relu":
            value, derivative = (
                (lambda x: activations.leaky_relu(x, leak)),
                (lambda x: activations.leaky_relu_derivative(x, leak)),
            )
        inputs = mean + spread * noise()
        slope = float(derivative([point])[0])
        return Result(float(value([point])[0]), slope, slope**layers, inputs, value(inputs), derivative(inputs))

    @traitlets.default("noise")
    def _noise(self):
        return payload.encode(noise())

    @traitlets.default("notes")
    def _notes(self):
        return {name: {"title": title, "note": activations.ACTIVATIONS[name].note} for name, title in FUNCTIONS.items()}

    @traitlets.validate("function")
    def _known_function(self, proposal):
        return checks.choice("function", proposal["value"], FUNCTIONS)

    @traitlets.validate("point", "mean", "spread", "leak")
    def _in_range(self, proposal):
        name = proposal["trait"].name
        return checks.within(name, proposal["value"], *LIMITS[name])

    @traitlets.validate("layers")
    def _some_layers(self, proposal):
        layers = checks.integer("layers", proposal["value"], 1)
        return int(checks.within("layers", layers, 1, MOST_LAYERS))

    @traitlets.validate("compare")
    def _yes_or_no(self, proposal):
        return checks.flag("compare", proposal["value"])


def noise():
    """What makes the mini-batch: numbers of mean 0 and spread 1, (examples, units); each unit leans to one side."""
    rng = np.random.default_rng(7)
    numbers = 0.8 * rng.normal(size=(1, UNITS)) + 0.6 * rng.normal(size=(EXAMPLES, UNITS))
    return (numbers - numbers.mean()) / numbers.std()
