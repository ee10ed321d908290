"""Networks taken apart: blocks that open, where weights and work sit, what a unit sees; one or two side by side."""

from dataclasses import dataclass

import traitlets

from cnnlab.apps import architectures_menu as menu
from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.apps.receptive_menu import photographs
from cnnlab.core import checks, receptive_field

ALONE = "none"
FIRST = {"network": "alexnet_227", "layer": 4}


@dataclass(frozen=True)
class View:
    """What one side shows: the chosen layer and the unit at the chosen place.

    `field` is what that unit sees, a pair (start, stop) an axis clipped to the picture; `whole` the same with padding.
    """

    layer: menu.Layer
    unit: tuple
    field: tuple
    whole: tuple


class NetworkExplorer(BrowserApp, module="explorers/architectures.js"):
    """The networks of the lectures, block by block.

    Settings
    --------
    network : name of the network, as `cnnlab.nets.build` takes it
    other : name of a second one beside it, or "none"
    layer, other_layer : number of the chosen layer of each, counted from 0; beyond the end the last one counts
    place : (down, across), the place on the picture, from 0 to 1, whose units are looked at
    opened : names of the blocks that are open, as "resnet50/layer1.0"
    """

    network = Setting(FIRST["network"]).tag(sync=True, state=True)
    other = Setting(ALONE).tag(sync=True, state=True)
    layer = Setting(FIRST["layer"]).tag(sync=True, state=True)
    other_layer = Setting(0).tag(sync=True, state=True)
    place = Setting().tag(sync=True, state=True)
    opened = Setting().tag(sync=True, state=True)

    networks = traitlets.Dict(read_only=True).tag(sync=True)
    photograph = traitlets.Dict(read_only=True).tag(sync=True)

    @staticmethod
    def compute(*, network, other, layer, other_layer, place):
        """The same as the page computes, by `cnnlab.core`: a `View` for each network that is shown."""
        return [
            _view(name, number, place) for name, number in ((network, layer), (other, other_layer)) if name != ALONE
        ]

    def result(self):
        """The `View`s of the present settings."""
        return self.compute(**{name: value for name, value in self.state.items() if name != "opened"})

    @traitlets.default("place")
    def _on_the_face(self):
        return [0.36, 0.45]

    @traitlets.default("opened")
    def _none_open(self):
        return []

    @traitlets.default("networks")
    def _all_networks(self):
        return menu.networks()

    @traitlets.default("photograph")
    def _the_photograph(self):
        return photographs()[menu.PHOTOGRAPH]

    @traitlets.validate("network", "other")
    def _known_network(self, proposal):
        name = proposal["trait"].name
        return checks.choice(name, proposal["value"], (*menu.networks(), *((ALONE,) if name == "other" else ())))

    @traitlets.validate("layer", "other_layer")
    def _a_layer(self, proposal):
        return checks.integer(proposal["trait"].name, proposal["value"], 0)

    @traitlets.validate("place")
    def _on_the_picture(self, proposal):
        value = proposal["value"]
        if not checks.is_sequence(value) or len(value) != 2:
            checks.refuse("place", value, "must be two numbers from 0 to 1: how far down, how far across")
        return [checks.within("place", part, 0, 1) for part in value]

    @traitlets.validate("opened")
    def _names_of_blocks(self, proposal):
        value = proposal["value"]
        if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) for name in value):
            checks.refuse("opened", value, 'must be a list of names of blocks, as "resnet50/layer1.0"')
        return list(value)


def _view(name, number, place):
    rows = menu.layers(name)
    row, table = rows[min(number, len(rows) - 1)], menu.table(name)
    unit = tuple(
        min(int(part * axis.output_size), axis.output_size - 1)
        for part, axis in zip(place, table[row.node].axes, strict=True)
    )
    return View(
        row,
        unit,
        receptive_field.field_of(table, row.node, unit),
        receptive_field.field_of(table, row.node, unit, clip=False),
    )
