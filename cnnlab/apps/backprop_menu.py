"""What the backpropagation explorer offers: inputs small enough to follow every product, and telling settings."""

import numpy as np

from cnnlab.core import images

OPERATIONS = ("convolution", "max pooling", "average pooling")
UPSTREAM = ("numbers", "ones", "one cell")
MOST_CELLS, MOST_TAPS = 8, 4  # on one axis, of the input and of the kernel

CORNER = [[1, 2, 0], [0, 1, -1], [2, 0, 1]]


def numbers(rows, columns):
    """Small whole numbers without a pattern that repeats: the input that the size slider makes."""
    return [[(5 * r + 3 * c + 2 * r * r * c) % 8 for c in range(columns)] for r in range(rows)]


def upstream(rule, rows, columns):
    """The gradient that comes from above: whole numbers from -2 to 4, ones, or a single 1 in the middle."""
    if rule == "ones":
        return np.ones((rows, columns))
    if rule == "one cell":
        gradient = np.zeros((rows, columns))
        gradient[rows // 2, columns // 2] = 1
        return gradient
    r, c = np.indices((rows, columns))
    return ((3 * r + 5 * c + 1) % 7 - 2).astype(float)


def _setting(operation, picture, kernel, part="input", position=(1, 1), stride=1, padding=0, rule="numbers"):
    return {
        "operation": operation,
        "input": np.asarray(picture).tolist(),
        "kernel": np.asarray(kernel).tolist(),
        "stride": stride,
        "padding": padding,
        "upstream": rule,
        "part": part,
        "position": list(position),
    }


def _examples():
    five, six = numbers(5, 5), numbers(6, 6)
    yield "Gradient of the input", _setting("convolution", five, CORNER, position=(1, 1))
    yield "Gradient of a weight", _setting("convolution", five, CORNER, "weight", (0, 1))
    yield "One axis, by hand", _setting("convolution", [[1, 2, 3, 4]], [[5, 6, 7]], position=(0, 1))
    yield "A single 1 comes back: the kernel appears", _setting("convolution", five, CORNER, "output", rule="one cell")
    yield "Padding 1", _setting("convolution", five, CORNER, position=(0, 0), padding=1)
    yield "Stride 2", _setting("convolution", numbers(7, 7), CORNER, position=(2, 2), stride=2)
    yield "Stride 2, a cell that no window reads", _setting("convolution", six, CORNER, position=(5, 5), stride=2)
    pooled = np.zeros((2, 2), int)
    yield "Max pooling: all to the largest", _setting("max pooling", six, pooled, "output", (0, 1), stride=2)
    yield "Max pooling, windows that overlap", _setting("max pooling", six, np.zeros((3, 3), int), "output", (0, 0))
    yield "Average pooling: 1/Q to each", _setting("average pooling", six, pooled, "output", (0, 1), stride=2)
    digit = images.picture("Digit 3").astype(int)
    yield "A handwritten digit", _setting("convolution", digit, [[-1, 0, 1]] * 3, position=(3, 4), rule="ones")


EXAMPLES = dict(_examples())
