"""Build your own network: stack layers, see shapes and counts at every key, take the code or the module away."""

import traitlets

from cnnlab import nets
from cnnlab.apps.base import BrowserApp, Setting
from cnnlab.apps.build_menu import PRESETS
from cnnlab.core import checks
from cnnlab.nets import layer_list

FIRST = PRESETS["LeNet-5"]
LIMITS = {"size": (1, 256), "channels": (1, 16), "classes": (1, 1000)}
MOST_LAYERS = 60


class NetworkBuilder(BrowserApp, module="explorers/build.js"):
    """Stack layers for images of `channels` x `size` x `size`; a dense layer with an output a class comes last.

    ::

        builder = NetworkBuilder(size=28, layers=[{"kind": "conv", "channels": 8}, {"kind": "flatten"}])
        builder.module()   # a torch module
        builder.result()   # its `cnnlab.nets.summary`

    Settings
    --------
    layers : see `cnnlab.nets.layer_list`; a stack that does not fit can be set, and is explained on the page
    size, channels, classes : of the images
    selected : number of the layer that the sliders change; 0 is the input
    """

    size = Setting(FIRST["size"]).tag(sync=True, state=True)
    channels = Setting(FIRST["channels"]).tag(sync=True, state=True)
    classes = Setting(FIRST["classes"]).tag(sync=True, state=True)
    layers = Setting().tag(sync=True, state=True)
    selected = Setting(FIRST["selected"]).tag(sync=True, state=True)

    presets = traitlets.Dict(PRESETS, read_only=True).tag(sync=True)
    limits = traitlets.Dict(read_only=True).tag(sync=True)

    def module(self):
        """The network as a torch module with new weights; ValueError names the layer where it does not fit."""
        return layer_list.build_module(self.layers, self.channels, self.classes, self.size)

    @staticmethod
    def compute(*, size, channels, classes, layers):
        """What the page shows, by torch itself: a `cnnlab.nets.Summary`."""
        net = layer_list.build_module(layers, channels, classes, size)
        return nets.summary(net, (1, channels, size, size))

    def result(self):
        """The `Summary` of the present network; ValueError names the layer where it does not fit."""
        return self.compute(**{name: value for name, value in self.state.items() if name != "selected"})

    @traitlets.default("layers")
    def _first_layers(self):
        return FIRST["layers"]

    @traitlets.default("limits")
    def _all_limits(self):
        kinds = {kind: {name: list(ends) for name, ends in known.items()} for kind, known in layer_list.KINDS.items()}
        return {"kinds": kinds, "layers": MOST_LAYERS, **{name: list(ends) for name, ends in LIMITS.items()}}

    @traitlets.validate("layers")
    def _known_layers(self, proposal):
        layers = layer_list.checked(proposal["value"])
        if len(layers) > MOST_LAYERS:
            checks.refuse("layers", len(layers), f"must be at most {MOST_LAYERS} layers here")
        return layers

    @traitlets.validate("size", "channels", "classes")
    def _within(self, proposal):
        name = proposal["trait"].name
        least, most = LIMITS[name]
        if checks.integer(name, proposal["value"], least) > most:
            checks.refuse(name, proposal["value"], f"must be at most {most} here")
        return proposal["value"]

    @traitlets.validate("selected")
    def _a_row(self, proposal):
        return checks.integer("selected", proposal["value"], 0)
