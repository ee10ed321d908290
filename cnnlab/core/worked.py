"""Worked examples of the lectures, by name: what goes in, the settings, and what must come out.

Lessons offer them as presets and tests compute every one of them.
"""

from dataclasses import dataclass, field

import numpy as np

from cnnlab.core import convolution

PENN = "Penn-style CNN lecture"
METU = "METU DI504"
PADOVA = "Padova ML 2024/25, lecture 26"
EE541 = "EE541, unit 8"


@dataclass(frozen=True, eq=False)
class Worked:
    """A worked convolution: one channel, or a whole layer where the kernel has two axes more than its windows.

    `settings` are keyword arguments of the call, `flipped` says that it is a true convolution, `output` is what the
    source prints (or, where it prints only a part, what follows from it).
    """

    name: str
    source: str
    image: np.ndarray = field(repr=False)
    kernel: np.ndarray = field(repr=False)
    output: np.ndarray = field(repr=False)
    settings: dict = field(default_factory=dict)
    flipped: bool = False
    bias: np.ndarray | None = None

    @property
    def is_layer(self):
        """Whether this is a layer of several channels and filters; `image` is then (channels, height, width)."""
        return self.kernel.ndim > self.image.ndim

    def compute(self):
        """The output, computed by `convolution`: (*output), or (filters, *output) for a layer."""
        if self.is_layer:
            return convolution.conv_layer(self.image[None], self.kernel, self.bias, **self.settings)[0]
        operation = convolution.convolve if self.flipped else convolution.correlate
        return operation(self.image, self.kernel, **self.settings)


@dataclass(frozen=True)
class WorkedSize:
    """A worked output size of one axis: `arithmetic.explain(**settings)` must give `output` and `uncovered`."""

    name: str
    source: str
    settings: dict
    output: int
    uncovered: int = 0


def _examples():
    yield Worked(
        "Vertical edge",
        PENN,
        image=_array([[10, 10, 10, 0, 0, 0]] * 6),
        kernel=_array([[1, 0, -1]] * 3),
        output=_array([[0, 30, 30, 0]] * 4),
    )
    yield Worked(
        "Window by window",
        f"{PENN}; {EE541}",
        image=_array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]),
        kernel=_array([[0, 1, 2], [2, 2, 0], [0, 1, 2]]),
        output=_array([[12, 12, 17], [10, 17, 19], [9, 6, 14]]),
    )
    yield Worked(
        "True convolution",
        PADOVA,
        image=_array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        kernel=_array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
        output=_array([[-13, -20, -17], [-18, -24, -18], [13, 20, 17]]),
        settings={"padding": 1},
        flipped=True,
    )
    yield Worked(
        "Sharpen",
        f"{EE541}, which prints the first value, 114",
        image=_array(
            [
                [60, 113, 56, 139, 85],
                [73, 121, 54, 84, 128],
                [131, 99, 70, 129, 127],
                [80, 57, 115, 69, 134],
                [104, 126, 123, 95, 130],
            ]
        ),
        kernel=_array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        output=_array(
            [
                [114, 328, -26, 470, 158],
                [53, 266, -61, -30, 344],
                [403, 116, -47, 295, 244],
                [108, -135, 256, -128, 344],
                [314, 346, 279, 153, 421],
            ]
        ),
        settings={"padding": 1},
    )
    axes = _array([[0, 1, 0, 1], [0, 1, 0, 1], [1, 1, 1, 1], [0, -2, 0, -2]])
    upright = _array([[-0.5, 1, -0.5]] * 3)
    yield Worked("Axes, vertical", PENN, image=axes, kernel=upright, output=_array([[2.0, -2.0], [-1.0, 1.0]]))
    yield Worked("Axes, horizontal", PENN, image=axes, kernel=upright.T, output=_array([[-1, -0.5], [3.5, 4]]))
    yield Worked(
        "Two filters on three channels",
        f"{PADOVA}, after Stanford CS231n",
        image=_array(
            [
                [[0, 0, 1, 0, 2], [1, 0, 2, 0, 1], [1, 0, 2, 2, 0], [2, 0, 0, 2, 0], [2, 1, 2, 2, 0]],
                [[2, 1, 2, 1, 1], [2, 1, 2, 0, 1], [0, 2, 1, 0, 1], [1, 2, 2, 2, 2], [0, 1, 2, 0, 1]],
                [[2, 1, 1, 2, 0], [1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [1, 0, 2, 1, 0], [2, 2, 1, 1, 1]],
            ]
        ),
        kernel=_array(
            [
                [
                    [[-1, 0, 1], [0, 0, 1], [1, -1, 1]],
                    [[-1, 0, 1], [1, -1, 1], [0, 1, 0]],
                    [[-1, 1, 1], [1, 1, 0], [0, -1, 0]],
                ],
                [
                    [[0, 1, -1], [0, -1, 0], [0, -1, 1]],
                    [[-1, 0, 0], [1, -1, 0], [1, -1, 0]],
                    [[-1, 1, -1], [0, -1, -1], [1, 0, 0]],
                ],
            ]
        ),
        bias=_array([1, 0]),
        output=_array(
            [
                [[2, 3, 3], [3, 7, 3], [8, 10, -3]],
                [[-8, -8, -3], [-3, 1, 0], [-3, -8, -5]],
            ]
        ),
        settings={"stride": 2, "padding": 1},
    )


def _array(values):
    array = np.array(values)
    array.flags.writeable = False
    return array


def _sizes():
    def example(n, kernel, source, output, uncovered=0, **settings):
        label = ", ".join([f"{n} cells", f"kernel {kernel}", *(f"{key} {value}" for key, value in settings.items())])
        return WorkedSize(label, source, {"n": n, "kernel": kernel, **settings}, output, uncovered)

    yield example(4, 3, EE541, 2)
    yield example(5, 3, EE541, 5, padding=1)
    yield example(5, 3, EE541, 7, padding=2)
    yield example(6, 3, EE541, 3, uncovered=1, stride=2, padding=1)
    yield example(7, 3, EE541, 3, dilation=2)
    yield example(7, 3, METU, 5)
    yield example(7, 3, METU, 3, stride=2)
    yield example(32, 5, METU, 28)
    yield example(227, 11, METU, 55, stride=4)


WORKED = {example.name: example for example in _examples()}
SIZES = {example.name: example for example in _sizes()}
