"""What the explorers of channels offer: volumes of three channels, filters for them, and layers to compare."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from cnnlab.core import images
from cnnlab.core.kernels import KERNELS
from cnnlab.widgets import payload

SIDE = 30  # pixels of a photograph: its cells are still to be seen
COLOURS = ("red", "green", "blue")
WORKED = images.WORKED["Two filters on three channels"]


@dataclass(frozen=True, eq=False)
class Volume:
    """An input of three channels: array (channels, rows, columns), a name for each channel, whom to thank."""

    array: np.ndarray
    names: tuple[str, ...]
    credit: str = ""


@cache
def volumes():
    """The inputs by name, in the order of the menu."""
    found = {"Three channels 5×5": Volume(WORKED.image, ("channel 0", "channel 1", "channel 2"))}
    for name in ("Flower", "Coffee", "Astronaut"):
        about = images.PICTURES[name]
        colours = np.moveaxis(images.picture(name, SIDE, colour=True), 2, 0)
        found[f"{name} in colour"] = Volume(colours, COLOURS, f"{about.note}; {about.credit} ({about.licence})")
    return found


def volume_payloads():
    """The inputs as they travel to the page."""
    return {
        name: {
            "channels": [payload.encode(channel) for channel in volume.array],
            "names": list(volume.names),
            "credit": volume.credit,
        }
        for name, volume in volumes().items()
    }


def _only_middle(*weights):
    """One filter that looks at the middle cell alone: a 1x1 convolution written as a 3x3 one."""
    filter_ = np.zeros((3, 3, 3))
    filter_[:, 1, 1] = weights
    return filter_


def _examples():
    settings = WORKED.settings | {"position": [0, 0], "filter": 0}
    yield (
        "Two filters on three channels",
        {"input": "Three channels 5×5", "weights": WORKED.kernel.tolist(), "bias": WORKED.bias.tolist(), **settings},
    )
    edges = KERNELS["Sobel x"].array
    plain = {"stride": 1, "padding": 1, "filter": 0, "position": [12, 12]}
    yield (
        "Flower: how red, how bright",
        {
            "input": "Flower in colour",
            "weights": [_only_middle(1, -0.5, -0.5).tolist(), _only_middle(0.3, 0.6, 0.1).tolist()],
            "bias": [0, 0],
            **plain,
        },
    )
    yield (
        "Astronaut: edges, and edges of colour",
        {
            "input": "Astronaut in colour",
            "weights": [np.stack([edges] * 3).tolist(), np.stack([edges, 0 * edges, -edges]).tolist()],
            "bias": [0, 0],
            **plain,
        },
    )


EXAMPLES = dict(_examples())

LAYERS = {  # layers to compare with their dense twin: settings of the wiring explorer
    "Conv2d(16, 32, 3) on 64×64": {"channels": [16, 32], "kernel": 3, "size": 64, "stride": 1, "pad": True},
    "Two filters 3×3 on three channels": {"channels": [3, 2], "kernel": 3, "size": 7, "stride": 2, "pad": False},
    "Three channels to four, 5×5": {"channels": [3, 4], "kernel": 5, "size": 16, "stride": 1, "pad": True},
    "AlexNet, layer 1": {"channels": [3, 96], "kernel": 11, "size": 227, "stride": 4, "pad": False},
    "Eight channels, two groups": {
        "kind": "grouped",
        "channels": [8, 8],
        "kernel": 3,
        "size": 16,
        "stride": 1,
        "pad": True,
        "groups": 2,
    },
}
