"""A two-layer network learns a digit, one step of gradient descent at a time.

3x3 convolution with 4 filters, ReLU, 2x2 max pooling, then a second convolution that covers the whole 3x3 map with one
filter a class; softmax and cross-entropy. All of it by `cnnlab.core`, and by its twin in the page.
"""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import activations, backprop, checks, convolution, images, pooling

FILTERS, CLASSES, WHITE = 4, 10, 16
MOST_STEPS, RATES, SEED = 200, (0.1, 3), 3
LEARN = ("this digit", "all ten digits")


@dataclass(frozen=True, eq=False)
class Result:
    """After `steps` steps: the loss before each step and now, and all that the next step uses.

    `weights` and `gradients` are (first layer's weights, its biases, second layer's weights, its biases); `maps` the
    first layer's output on the shown digit after ReLU, `by_input` the gradient of its loss by its pixels.
    """

    losses: list[float]
    probabilities: np.ndarray
    weights: tuple
    gradients: tuple
    maps: np.ndarray
    by_input: np.ndarray


def digits():
    """The ten digits, (10, 1, 8, 8), values from 0 to 1."""
    return np.stack([images.picture(f"Digit {label}") for label in range(CLASSES)])[:, None] / WHITE


def first_weights():
    """Small random weights, the same at every start, and biases of 0."""
    generator = np.random.default_rng(SEED)
    first = generator.normal(size=(FILTERS, 1, 3, 3)) / 3
    second = generator.normal(size=(CLASSES, FILTERS, 3, 3)) / 6
    return first.round(3), np.zeros(FILTERS), second.round(3), np.zeros(CLASSES)


def forward_backward(weights, x, labels):
    """(mean loss, probabilities, maps after ReLU, gradients by the weights, gradient by x) of one batch."""
    first, first_bias, second, second_bias = weights
    summed = convolution.conv_layer(x, first, first_bias)
    maps = activations.relu(summed)
    pooled = pooling.pool(maps, 2)
    scores = convolution.conv_layer(pooled, second, second_bias)[:, :, 0, 0]
    loss = activations.cross_entropy(scores, labels)
    by_scores = backprop.cross_entropy_gradient(scores, labels)
    by_pooled, by_second, by_second_bias = backprop.conv_layer_backward(by_scores[:, :, None, None], pooled, second)
    by_maps = backprop.pool_backward(by_pooled, maps, 2)
    by_summed = backprop.activation_backward(by_maps, summed, "relu")
    by_x, by_first, by_first_bias = backprop.conv_layer_backward(by_summed, x, first)
    gradients = (by_first, by_first_bias, by_second, by_second_bias)
    return loss, activations.softmax(scores), maps, gradients, by_x


class DigitTraining(BrowserApp, module="explorers/backprop_train.js"):
    """Press a button, and the kernels change a little.

    Settings: `digit` (0 to 9, the one that is shown), `learn` (from "this digit" or "all ten digits"), `rate` (the
    step's length), `steps` (how many were made; setting it back takes them back).
    """

    digit = Setting(3).tag(sync=True, state=True)
    learn = Setting(LEARN[1]).tag(sync=True, state=True)
    rate = Setting(0.3).tag(sync=True, state=True)
    steps = Setting(0).tag(sync=True, state=True)

    pictures = traitlets.List(read_only=True).tag(sync=True)
    start = traitlets.List(read_only=True).tag(sync=True)
    limits = traitlets.Dict({"rate": list(RATES), "steps": MOST_STEPS}, read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, digit, learn, rate, steps):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        everything = digits()
        labels = np.array([digit]) if learn == LEARN[0] else np.arange(CLASSES)
        weights, losses = first_weights(), []
        for step in range(steps + 1):
            loss, _, _, gradients, _ = forward_backward(weights, everything[labels], labels)
            losses.append(float(loss))
            if step < steps:
                weights = tuple(w - rate * g for w, g in zip(weights, gradients, strict=True))
        _, probabilities, maps, _, by_input = forward_backward(weights, everything[[digit]], np.array([digit]))
        return Result(losses, probabilities[0], weights, gradients, maps[0], by_input[0, 0])

    @traitlets.default("pictures")
    def _all_digits(self):
        return digits().reshape(CLASSES, -1).tolist()

    @traitlets.default("start")
    def _first_weights(self):
        return [weights.ravel().tolist() for weights in first_weights()]

    @traitlets.validate("digit", "steps")
    def _whole(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        most = CLASSES - 1 if name == "digit" else MOST_STEPS
        if checks.integer(name, value, 0) > most:
            checks.refuse(name, value, f"must be at most {most} here")
        return value

    @traitlets.validate("learn")
    def _known(self, proposal):
        return checks.choice("learn", proposal["value"], LEARN)

    @traitlets.validate("rate")
    def _in_range(self, proposal):
        return checks.within("rate", proposal["value"], *RATES)
