"""Which kernel made this picture? A game on photographs."""

import traitlets

from cnnlab.apps.base import BrowserApp
from cnnlab.core import checks, images
from cnnlab.core.kernels import KERNELS
from cnnlab.widgets import payload

SIDE = 96  # pixels
PHOTOGRAPHS = ("Cat", "Photographer", "Coffee", "Pagoda", "Brick")
OFFERED = (  # kernels whose traces can be told apart by looking
    "Identity",
    "Sharpen",
    "Emboss",
    "Box 5",
    "Motion blur",
    "Sobel x",
    "Sobel y",
    "45 degree lines",
    "135 degree lines",
    "Edge",
    "Strong edge",
)


class KernelGuess(BrowserApp, module="explorers/guess.js"):
    """Four kernels to choose from; `answer` is the hidden one, `chosen` what was picked last."""

    input = traitlets.Unicode("Photographer").tag(sync=True, state=True)
    answer = traitlets.Unicode("Sobel y").tag(sync=True, state=True)
    offers = traitlets.List(["Sobel x", "Sobel y", "Sharpen", "Box 5"]).tag(sync=True, state=True)
    chosen = traitlets.Unicode("").tag(sync=True, state=True)

    pictures = traitlets.Dict(read_only=True).tag(sync=True)
    kernels = traitlets.Dict(read_only=True).tag(sync=True)

    @traitlets.default("pictures")
    def _photographs(self):
        return {name: payload.encode(images.picture(name, SIDE)) for name in PHOTOGRAPHS}

    @traitlets.default("kernels")
    def _offered(self):
        return {name: {"rows": KERNELS[name].array.tolist(), "note": KERNELS[name].note} for name in OFFERED}

    @traitlets.validate("answer")
    def _known(self, proposal):
        return checks.choice("answer", proposal["value"], OFFERED)
