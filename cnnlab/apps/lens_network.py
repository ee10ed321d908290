"""The whole network on one screen, from the input to the class scores; any map opened, any unit worked out."""

import base64
from functools import lru_cache

import numpy as np
import torch
import traitlets
from torch import nn

from cnnlab.apps import lens_subjects, lens_unit
from cnnlab.apps.base import KernelApp, Setting
from cnnlab.core import checks
from cnnlab.nets import inspect
from cnnlab.plots import paint
from cnnlab.widgets.modules import bundle

MAPS = 10  # of a layer that are shown: those that differ most from place to place, or are largest
TERMS = 4  # of a sum that are shown in full: the largest
SKIPPED = (nn.Flatten, nn.Dropout, nn.Identity)


@lru_cache(maxsize=8)
def network(name):
    """[(name, layer, input, output)] of the layers worth seeing, the input first (there layer and input are None)."""
    subject = lens_subjects.subject(name)
    layers = [
        (layer, inspect.module(subject.model, layer), x, y)
        for layer, (x, y) in inspect.calls(subject.model, subject.x).items()
        if not isinstance(inspect.module(subject.model, layer), SKIPPED)
    ]
    return [("input", None, None, subject.x), *layers]


def shown_channels(y):
    """Numbers of the channels that a column shows, ascending."""
    maps = y[0].reshape(y.shape[1], -1)
    strength = maps.std(1, correction=0) if maps.shape[1] > 1 else maps[:, 0].abs()
    count = min(MAPS, len(maps))
    return sorted(strength.argsort(descending=True, stable=True)[:count].tolist())


@lru_cache(maxsize=8)
def columns(name):
    """The columns as the page takes them: name, kind, size, and a picture for every map that is shown."""
    made, layers = [], network(name)
    channels = []
    for layer, part, x, y in layers:
        limit = float(y.abs().max()) or 1.0
        if layer == layers[-1][0]:
            channels = list(range(y.shape[1]))
        elif part is None or isinstance(part, nn.Conv2d | nn.Linear) or x.shape[1] != y.shape[1]:
            channels = shown_channels(y)  # the layers after it show the same ones, so that a map can be followed
        made.append(
            {
                "name": layer,
                "kind": "" if part is None else type(part).__name__,
                "size": "×".join(str(n) for n in (*y.shape[2:], y.shape[1])),
                "channels": channels,
                "maps": [_address(_map(y, channel), limit) for channel in channels],
            }
        )
    return made


def _map(y, channel):
    return y[0, channel].reshape(y.shape[2:] if y.ndim == 4 else (1, 1)).numpy()


def _address(array, limit):
    return "data:image/png;base64," + base64.b64encode(paint.png(array, "signed", high=limit)).decode()


class NetworkExplorer(KernelApp):
    """Every layer a column of feature maps; a click opens a map, the pointer on it works out a unit."""

    _esm = bundle("explorers/network.js")

    picture = Setting("lenet5: Digit 2").tag(sync=True, state=True)
    layer = Setting(4).tag(sync=True, state=True)
    channel = Setting(8).tag(sync=True, state=True)
    row = Setting(4).tag(sync=True, state=True)
    column = Setting(4).tag(sync=True, state=True)

    label = traitlets.Unicode("The whole network").tag(sync=True)
    network = traitlets.Dict().tag(sync=True)

    def __init__(self, **state):
        super().__init__(**state)
        self._show()

    @traitlets.observe("picture")
    def _show(self, _=None):
        subject = lens_subjects.subject(self.picture)
        probabilities = lens_subjects.probabilities(subject).tolist()
        self.network = {
            "columns": columns(self.picture),
            "bars": [{"name": n, "value": p} for n, p in zip(subject.classes, probabilities, strict=True)],
        }

    @traitlets.default("controls")
    def _controls(self):
        return [{"kind": "menu", "name": "picture", "label": "Network and picture", "options": lens_subjects.options()}]

    @traitlets.validate("picture")
    def _picture(self, proposal):
        return checks.choice("picture", proposal["value"], lens_subjects.names())

    @traitlets.validate("layer", "channel", "row", "column")
    def _number(self, proposal):
        name = proposal["trait"].name
        checks.within(name, proposal["value"], 0, 4096)
        return checks.integer(name, proposal["value"], 0)

    @staticmethod
    def compute(*, picture, layer, channel, row, column):
        """The unit worked out; a place beyond the layer's last is its last."""
        layers = network(picture)
        layer = min(layer, len(layers) - 1)
        name, part, x, y = layers[layer]
        limits = (y.shape[1], *(y.shape[2:] if y.ndim == 4 else (1, 1)))
        place = tuple(min(at, n - 1) for at, n in zip((channel, row, column), limits, strict=True))
        with torch.no_grad():
            unit = (
                lens_unit.Unit(
                    float(y[(0, *place)]), (), None, f"a pixel of the normalised input: {y[(0, *place)]:.3f}"
                )
                if part is None
                else lens_unit.explain(part, x, y, *place)
            )
        return layer, name, part, x, y, place, unit

    @staticmethod
    def draw(result):
        layer, name, part, x, y, place, unit = result
        largest = sorted(unit.terms, key=lambda term: -abs(term.value))[:TERMS]
        rest = sum(term.value for term in unit.terms) - sum(term.value for term in largest)
        limit = float(x.abs().max()) or 1.0 if x is not None else 1.0
        value = f"{unit.value:.3f}"
        total = (
            f"{sum(term.value for term in unit.terms):.3f} + bias {unit.bias:.3f} = {value}"
            if unit.bias is not None
            else unit.rule
        )
        return {
            "pictures": {},
            "focus": {
                "layer": layer,
                "channel": place[0],
                "place": list(place[1:]),
                "size": list(y.shape[2:]) if y.ndim == 4 else [1, 1],
                "map": _address(_map(y, place[0]), float(y.abs().max()) or 1.0),
                "title": f"{name}, channel {place[0]}, row {place[1]}, column {place[2]}: {value}",
                "terms": [
                    {
                        "channel": term.channel,
                        "map": _address(_map(x, term.channel), limit) if x.ndim == 4 else "",
                        "box": _box(unit.corner, term.window.shape, x.shape),
                        "window": np.round(term.window, 2).tolist() if term.window.size <= 64 else [],
                        "kernel": [] if term.kernel is None else np.round(term.kernel, 2).tolist(),
                        "value": round(term.value, 3),
                    }
                    for term in largest
                ],
                "links": {str(term.channel): abs(term.value) for term in unit.terms} if part is not None else {},
                "rest": f"the other {len(unit.terms) - len(largest)}: {rest:.3f}"
                if len(unit.terms) > len(largest)
                else "",
            },
            "text": f"{name}: {total}",
        }


def _box(corner, size, shape):
    """Left, top, width and height of a window on the input map, in per cent."""
    if len(shape) != 4:
        return []
    height, width = shape[2:]
    return [100 * corner[1] / width, 100 * corner[0] / height, 100 * size[1] / width, 100 * size[0] / height]
