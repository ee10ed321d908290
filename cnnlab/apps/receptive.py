"""Receptive fields: the explorer of a stack of layers over a photograph."""

from dataclasses import dataclass

import numpy as np
import traitlets

from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.apps.receptive_menu import PHOTOGRAPHS, PRESETS, SIDE, photographs
from cnnlab.core import checks, receptive_field

MOST_LAYERS = 24
LIMITS = {"kernel": (1, 11), "stride": (1, 4), "padding": (0, 16), "dilation": (1, 16)}
FIRST = "VGG-16"


@dataclass(frozen=True, eq=False)
class Result:
    """What the explorer shows.

    `field` is what the chosen unit sees, a pair (start, stop) an axis clipped to the input, `whole` the same with its
    padding, `read` the pixels it really reads (rows, columns), `seeing` the units of every layer that see the pixel, or
    None where no pixel is chosen.
    """

    table: receptive_field.Table
    unit: tuple[int, int]
    field: tuple
    whole: tuple
    read: tuple[np.ndarray, np.ndarray]
    seeing: list | None


class ReceptiveFields(BrowserApp, module="explorers/receptive.js"):
    """Stack layers over a photograph and see what each unit sees.

    All settings can be given at the start, read, set and observed::

        explorer = ReceptiveFields(size=32, layers=[("conv", 5), ("pool", 2, 2)])
        explorer.unit = (3, 3)
        explorer.result().field

    Settings
    --------
    picture : name of a photograph
    size : pixels of a side of the input, 1 to 256
    layers : what `cnnlab.core.receptive_field.table` takes, with square windows: ([name,] kernel, stride, padding,
        dilation), dicts or Layers
    selected : number of the layer whose units are shown; 0 is the input
    unit : (row, column) of the chosen unit on that layer's map; beyond its end the last one counts
    pixel : (row, column) of an input pixel whose observers are marked, or None
    """

    picture = Setting("Cat").tag(sync=True, state=True)
    size = Setting(PRESETS[FIRST]["size"]).tag(sync=True, state=True)
    layers = Setting().tag(sync=True, state=True)
    selected = Setting(PRESETS[FIRST]["selected"]).tag(sync=True, state=True)
    unit = Setting(PRESETS[FIRST]["unit"]).tag(sync=True, state=True)
    pixel = Setting(None).tag(sync=True, state=True)

    photographs = traitlets.Dict(read_only=True).tag(sync=True)
    presets = traitlets.Dict(read_only=True).tag(sync=True)
    limits = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, size, layers, selected, unit, pixel):
        """The same as the page computes, by `cnnlab.core`; returns a `Result`."""
        table = receptive_field.table(layers, size)
        selected = min(selected, len(layers))
        unit = tuple(min(place, n - 1) for place, n in zip(unit, table[selected].output_size, strict=True))
        seeing = None
        if pixel is not None:
            pixel = [min(place, size - 1) for place in pixel]
            seeing = [receptive_field.units_seeing(table, number, pixel) for number in range(len(table))]
        return Result(
            table,
            unit,
            receptive_field.field_of(table, selected, unit),
            receptive_field.field_of(table, selected, unit, clip=False),
            receptive_field.pixels_of(table, selected, unit),
            seeing,
        )

    def result(self):
        """The `Result` of the present settings, computed in Python."""
        return self.compute(**{name: value for name, value in self.state.items() if name != "picture"})

    @traitlets.default("layers")
    def _first_layers(self):
        return PRESETS[FIRST]["layers"]

    @traitlets.default("photographs")
    def _all_photographs(self):
        return photographs()

    @traitlets.default("presets")
    def _all_presets(self):
        return PRESETS

    @traitlets.default("limits")
    def _all_limits(self):
        return {name: list(ends) for name, ends in LIMITS.items()} | {"size": [1, SIDE], "layers": MOST_LAYERS}

    @traitlets.validate("picture")
    def _known_picture(self, proposal):
        return checks.choice("picture", proposal["value"], PHOTOGRAPHS)

    @traitlets.validate("size")
    def _a_side(self, proposal):
        return _within("size", proposal["value"], 1, SIDE)

    @traitlets.validate("layers")
    def _square_layers(self, proposal):
        layers = [_plain(layer) for layer in receptive_field.table(proposal["value"], 2**20).layers]
        if len(layers) > MOST_LAYERS:
            checks.refuse("layers", len(layers), f"must be at most {MOST_LAYERS} layers here")
        return layers

    @traitlets.validate("selected")
    def _a_row(self, proposal):
        return checks.integer("selected", proposal["value"], 0)

    @traitlets.validate("unit", "pixel")
    def _a_place(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        return None if name == "pixel" and value is None else list(checks.per_axis(name, value, 2, 0))


def _within(name, value, low, high):
    if checks.integer(name, value, low) > high:
        checks.refuse(name, value, f"must be at most {high} here; cnnlab.core.receptive_field takes more")
    return value


def _plain(layer):
    """A `Layer` as the page holds it: one whole number a setting."""
    settings = {"name": layer.name}
    for name, (low, high) in LIMITS.items():
        value = getattr(layer, name)
        if checks.is_sequence(value) and len(set(value)) == 1:
            value = value[0]
        if not isinstance(value, int):
            checks.refuse(name, value, f"must be one whole number in this explorer (layer {layer.name})")
        settings[name] = _within(name, value, low, high)
    if layer.ceil_mode:
        checks.refuse("ceil_mode", True, f"is not in this explorer (layer {layer.name})")
    return settings
