"""Deep networks with and without shortcuts and batch norm, trained live on the digits at small width."""

from functools import partial

import torch
import traitlets
from torch import nn

from cnnlab.apps.base import KernelApp, Setting
from cnnlab.apps.sweep import Job, SweepApp
from cnnlab.core import checks
from cnnlab.nets import data, train
from cnnlab.nets.architectures.resnet_cifar import ResNetCifar
from cnnlab.nets.recipe import Recipe

DEPTHS = (8, 20, 32, 44, 56)
RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
WIDTHS = ("4", "8", "16")
KINDS = {
    "plain": {"shortcuts": False},
    "residual": {"shortcuts": True},
    "pre-activation": {"shortcuts": True, "preactivation": True},
}
BATCH = 64


def network(kind, depth, width, **more):
    """A small ResNet for the digits or its plain twin."""
    return ResNetCifar(depth, width=width, in_channels=1, **KINDS[kind], **more)


class DepthSweep(SweepApp):
    """Plain against residual networks of 8 to 56 layers: which fit their own training images?"""

    epochs = Setting(6).tag(sync=True, state=True)
    width = Setting("8").tag(sync=True, state=True)
    residual = Setting("residual").tag(sync=True, state=True)

    label = traitlets.Unicode("Plain against residual").tag(sync=True)
    controls = traitlets.List(
        [
            {
                "kind": "menu",
                "name": "residual",
                "label": "Against plain",
                "options": [["residual", "residual"], ["pre-activation", "pre-activation"]],
            },
            {"kind": "menu", "name": "width", "label": "Channels", "options": [[width, width] for width in WIDTHS]},
            {"kind": "slider", "name": "epochs", "label": "Epochs", "min": 1, "max": 20},
        ]
    ).tag(sync=True)

    @traitlets.validate("epochs")
    def _epochs(self, proposal):
        return checks.within("epochs", checks.integer("epochs", proposal["value"], 1), 1, 20)

    @traitlets.validate("width", "residual")
    def _one_of(self, proposal):
        name = proposal["trait"].name
        return checks.choice(name, proposal["value"], WIDTHS if name == "width" else ("residual", "pre-activation"))

    def axis(self):
        return {"range": [0, 60], "ticks": list(DEPTHS), "name": "layers"}

    def plan(self, *, epochs, width, residual):
        recipe = Recipe(epochs=epochs, batch=BATCH, rate=0.1, precision="float32")
        jobs = [
            Job(kind, depth, f"{kind}-{depth}", partial(network, kind, depth, int(width)), recipe)
            for depth in DEPTHS
            for kind in ("plain", residual)
        ]
        return data.load("digits"), jobs


class RateSweep(SweepApp):
    """One network with and without batch norm at learning rates far apart."""

    depth = Setting("8").tag(sync=True, state=True)
    kind = Setting("plain").tag(sync=True, state=True)
    epochs = Setting(4).tag(sync=True, state=True)

    label = traitlets.Unicode("Batch norm and the learning rate").tag(sync=True)
    controls = traitlets.List(
        [
            {"kind": "menu", "name": "kind", "label": "Network", "options": [[kind, kind] for kind in KINDS]},
            {"kind": "menu", "name": "depth", "label": "Layers", "options": [[str(d), str(d)] for d in DEPTHS]},
            {"kind": "slider", "name": "epochs", "label": "Epochs", "min": 1, "max": 20},
        ]
    ).tag(sync=True)

    @traitlets.validate("epochs")
    def _epochs(self, proposal):
        return checks.within("epochs", checks.integer("epochs", proposal["value"], 1), 1, 20)

    @traitlets.validate("kind", "depth")
    def _one_of(self, proposal):
        name = proposal["trait"].name
        return checks.choice(name, proposal["value"], tuple(KINDS) if name == "kind" else tuple(map(str, DEPTHS)))

    def axis(self):
        return {"range": [RATES[0] / 2, RATES[-1] * 2], "ticks": list(RATES), "log": True, "name": "learning rate"}

    def plan(self, *, depth, kind, epochs):
        jobs = [
            Job(
                "with batch norm" if norm else "without",
                rate,
                f"rate {rate:g} {'with' if norm else 'without'}",
                partial(network, kind, int(depth), 8, batch_norm=norm),
                Recipe(epochs=epochs, batch=BATCH, rate=rate, precision="float32", schedule="constant"),
            )
            for rate in RATES
            for norm in (False, True)
        ]
        return data.load("digits"), jobs


def gradient_by_layer(model, images, labels):
    """Norm of the loss's gradient by the weights of each convolution, first to last."""
    nn.functional.cross_entropy(model(images), labels).backward()
    return [layer.weight.grad.norm().item() for layer in model.modules() if isinstance(layer, nn.Conv2d)]


def start_as_identity(model):
    """Scale the last batch norm of every block with 0: each residual block then passes its input on (Goyal 2017)."""
    for name, layer in model.named_modules():
        if name.endswith(".bn2") and isinstance(layer, nn.BatchNorm2d):
            nn.init.zeros_(layer.weight)


class GradientByLayer(KernelApp):
    """What reaches each layer in the very first step, before anything was learned."""

    depth = Setting(56).tag(sync=True, state=True)
    batch_norm = Setting(True).tag(sync=True, state=True)
    identity = Setting(False).tag(sync=True, state=True)
    seed = Setting(0).tag(sync=True, state=True)

    label = traitlets.Unicode("Gradient by layer").tag(sync=True)
    controls = traitlets.List(
        [
            {"kind": "slider", "name": "depth", "label": "Layers", "min": 8, "max": 56, "step": 6},
            {"kind": "check", "name": "batch_norm", "label": "Batch norm"},
            {"kind": "check", "name": "identity", "label": "Residual blocks start as identity"},
            {"kind": "slider", "name": "seed", "label": "Draw", "min": 0, "max": 9},
        ]
    ).tag(sync=True)

    @traitlets.validate("depth", "seed")
    def _in_range(self, proposal):
        name, (low, high) = proposal["trait"].name, {"depth": (8, 56), "seed": (0, 9)}[proposal["trait"].name]
        value = checks.integer(name, proposal["value"], low)
        if name == "depth" and value % 6 != 2:
            value -= (value - 2) % 6  # typed in between: the next depth of two layers a block
        return checks.within(name, value, low, high)

    @traitlets.validate("batch_norm", "identity")
    def _flag(self, proposal):
        return checks.flag(proposal["trait"].name, proposal["value"])

    @staticmethod
    def compute(*, depth, batch_norm, identity, seed):
        """Kind -> gradient norm of each convolution."""
        digits = data.load("digits").subset(slice(0, BATCH))
        pixels, found = train.normalize(digits.images, digits), {}
        with torch.random.fork_rng(devices=[]):
            for kind in ("plain", "residual"):
                torch.manual_seed(seed)
                model = network(kind, depth, 8, batch_norm=batch_norm)
                if identity and kind == "residual":
                    start_as_identity(model)
                found[kind] = gradient_by_layer(model, pixels, digits.labels)
        return found

    @staticmethod
    def draw(result):
        lines, told = [], []
        for role, (kind, norms) in zip(("kernel", "output"), result.items(), strict=True):
            points = [[layer, max(norm, 1e-6)] for layer, norm in enumerate(norms, 1)]
            lines.append({"points": points, "role": role, "name": kind, "label": len(points) // 3})
            told.append(f"{kind}: first layer {norms[0]:.3g}, last {norms[-1]:.3g}")
        chart = {
            "name": "Gradient by each layer’s weights (norm)",
            "text": "; ".join(told),
            "x": {"range": [1, len(norms)], "name": "convolution, from the picture on"},
            "y": {"range": [1e-6, 1e6], "ticks": [10.0**power for power in range(-6, 7, 2)], "log": True},
            "lines": lines,
        }
        return {"pictures": {}, "charts": [chart], "text": "; ".join(told) + "."}
