"""Which kernel made this picture? A game on photographs."""

import traitlets

from cnnlab.apps.base import BrowserApp, Setting
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

    input = Setting("Photographer").tag(sync=True, state=True)
    answer = Setting("Sobel y").tag(sync=True, state=True)
    offers = Setting(("Sobel x", "Sobel y", "Sharpen", "Box 5")).tag(sync=True, state=True)
    chosen = Setting("").tag(sync=True, state=True)

    pictures = traitlets.Dict(read_only=True).tag(sync=True)
    kernels = traitlets.Dict(read_only=True).tag(sync=True)

    @traitlets.default("pictures")
    def _photographs(self):
        return {name: payload.encode(images.picture(name, SIDE)) for name in PHOTOGRAPHS}

    @traitlets.default("kernels")
    def _offered(self):
        return {name: {"rows": KERNELS[name].array.tolist(), "note": KERNELS[name].note} for name in OFFERED}

    @traitlets.validate("input")
    def _a_photograph(self, proposal):
        return checks.choice("input", proposal["value"], PHOTOGRAPHS)

    @traitlets.validate("answer")
    def _known(self, proposal):
        return checks.choice("answer", proposal["value"], OFFERED)

    @traitlets.validate("offers")
    def _four_known(self, proposal):
        offers = proposal["value"]
        if not isinstance(offers, (tuple, list)) or len(offers) != 4:
            checks.refuse("offers", offers, "must be four names of kernels")
        return [checks.choice("offers", name, OFFERED) for name in offers]

    @traitlets.validate("chosen")
    def _none_or_known(self, proposal):
        return checks.choice("chosen", proposal["value"], ("", *OFFERED))
