"""Hubel and Wiesel's bar: what a simple and a complex cell of the visual cortex answer as it turns and moves."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.core import checks, images, kernels

SIZE = 41  # cells of the retina on a side
REACH = 15  # how far the bar is moved, in cells
ASPECT = 0.75  # width of a field over its length
ANGLES = np.arange(0, 181, 2)
OFFSETS = np.arange(-2 * REACH, 2 * REACH + 1) / 2
LIMITS = {
    "angle": (0, 180),
    "offset": (-REACH, REACH),
    "width": (1, 8),
    "preferred": (0, 180),
    "wavelength": (6, 12),
    "phase": (0, 345),
}


@dataclass(frozen=True, eq=False)
class Result:
    """The bar, both fields of the complex cell (the first is the simple cell's), and what both cells answer.

    Answers are percentages of what light on every positive weight, and on no negative one, would give.
    `by_angle` and `by_offset` are arrays (places, 2): the simple and the complex cell's answer.
    """

    stimulus: np.ndarray
    even: np.ndarray
    odd: np.ndarray
    simple: float
    complex: float
    by_angle: np.ndarray
    by_offset: np.ndarray


class HubelWiesel(BrowserApp, module="explorers/hubel_wiesel.js"):
    """Turn a bar over a simple cell's field (a Gabor function) and over a complex cell (the energy of two of them).

    Settings: `angle` of the bar in degrees, `offset` and `width` in cells, `light` (a light bar on dark or the
    reverse); the cell's `preferred` angle and `phase` in degrees and its `wavelength` in cells.
    """

    angle = Setting(78).tag(sync=True, state=True)
    offset = Setting(2).tag(sync=True, state=True)
    width = Setting(4).tag(sync=True, state=True)
    light = Setting(True).tag(sync=True, state=True)
    preferred = Setting(90).tag(sync=True, state=True)
    wavelength = Setting(10).tag(sync=True, state=True)
    phase = Setting(0).tag(sync=True, state=True)

    @staticmethod
    def compute(*, angle, offset, width, light, preferred, wavelength, phase):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        field = {"wavelength": wavelength, "orientation": preferred, "aspect": ASPECT}
        even, odd = (kernels.gabor(SIZE, **field, phase=phase + more) for more in (0, 90))
        best = even.clip(0).sum()

        def answers(angle, offset):
            bar = images.bar(SIZE, width, angle, offset) / 255
            first, second = ((1 if light else -1) * (bar * part).sum() for part in (even, odd))
            return np.array([max(0, first), np.hypot(first, second)]) * 100 / best

        return Result(
            images.bar(SIZE, width, angle, offset),
            even,
            odd,
            *answers(angle, offset).tolist(),
            np.array([answers(at, offset) for at in ANGLES]),
            np.array([answers(angle, at) for at in OFFSETS]),
        )

    @traitlets.validate(*LIMITS)
    def _within_its_slider(self, proposal):
        name = proposal["trait"].name
        return checks.within(name, proposal["value"], *LIMITS[name])

    @traitlets.validate("light")
    def _yes_or_no(self, proposal):
        return checks.flag("light", proposal["value"])
