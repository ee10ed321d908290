"""AlexNet's parts, switched on and off one at a time, on a small AlexNet that trains while one looks on."""

import torch
import traitlets
from torch import nn

from cnnlab.apps.base import Setting
from cnnlab.apps.training_run import Run, TrainingApp
from cnnlab.core import checks
from cnnlab.nets import data as data_sets
from cnnlab.nets import train
from cnnlab.nets.architectures.alexnet_small import AlexNetSmall
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe
from cnnlab.plots import paint

DATA = {
    "digits": "digits, 8×8",
    "faces": "faces and none, 25×25",
    "shapes": "1,000 shapes, 32×32",
    "fashion-mnist": "1,000 of Fashion-MNIST",
    "cifar-10": "1,000 of CIFAR-10",
}
MOST = 1000  # training images, of large sets
SHOWN = 16  # filters
PARTS = {
    "relu": "ReLU (else tanh)",
    "overlapping": "Overlapping pooling",
    "lrn": "Local response norm",
    "dropout": "Dropout",
    "augment": "Augmentation",
    "momentum": "Momentum",
}


class AlexNetParts(TrainingApp):
    """A small AlexNet with a switch for each part that its paper argues for."""

    data = Setting("digits").tag(sync=True, state=True)
    epochs = Setting(10).tag(sync=True, state=True)
    relu = Setting(True).tag(sync=True, state=True)
    overlapping = Setting(True).tag(sync=True, state=True)
    lrn = Setting(False).tag(sync=True, state=True)
    dropout = Setting(True).tag(sync=True, state=True)
    augment = Setting(True).tag(sync=True, state=True)
    momentum = Setting(True).tag(sync=True, state=True)

    label = traitlets.Unicode("Parts of AlexNet").tag(sync=True)
    controls = traitlets.List(
        [
            {"kind": "menu", "name": "data", "label": "Images", "options": [[k, v] for k, v in DATA.items()]},
            {"kind": "slider", "name": "epochs", "label": "Epochs", "min": 1, "max": 60},
            *({"kind": "check", "name": name, "label": label} for name, label in PARTS.items()),
        ]
    ).tag(sync=True)

    @traitlets.validate("data")
    def _data(self, proposal):
        return checks.choice("data", proposal["value"], tuple(DATA))

    @traitlets.validate("epochs")
    def _epochs(self, proposal):
        return checks.within("epochs", checks.integer("epochs", proposal["value"], 1), 1, 60)

    @traitlets.validate(*PARTS)
    def _flag(self, proposal):
        return checks.flag(proposal["trait"].name, proposal["value"])

    def prepare(self, *, data, epochs, relu, overlapping, lrn, dropout, augment, momentum):
        """The network with its parts, the images, and a fifth of them (1,000 at most) held out."""
        every = data_sets.load(data)
        rest, held_out = every.held_out(min(MOST, len(every) // 5))
        if len(rest) > MOST:
            rest = rest.held_out(MOST)[1]
        channels, side = every.images.shape[1], every.images.shape[-1]
        torch.manual_seed(0)
        model = AlexNetSmall(
            len(every.classes),
            channels,
            activation="relu" if relu else "tanh",
            lrn=lrn,
            overlapping=overlapping,
            dropout=0.5 if dropout else 0.0,
        )
        recipe = Recipe(
            epochs=epochs,
            batch=32,
            rate=0.02,
            momentum=0.9 if momentum else 0.0,
            nesterov=momentum,
            augment=Augment(shift=max(1, side // 8)) if augment else Augment(),
        )
        words = [] if relu else ["tanh"]
        switches = {"overlap": overlapping, "dropout": dropout, "augmentation": augment, "momentum": momentum}
        words += [f"no {part}" for part, on in switches.items() if not on]
        name = ", ".join(words + (["LRN"] if lrn else [])) or "ReLU, no LRN"
        return Run(name, model, rest, recipe, held_out, notice=every.notice)

    def opening(self, **state):
        """The untrained network, where its images need no download."""
        return self.prepare(**state) if data_sets.at_hand(state["data"]) else None

    def look(self, run):
        """The filters of the first layer, each as the mean over the colours."""
        first = next(layer for layer in run.model.modules() if isinstance(layer, nn.Conv2d))
        filters = first.weight.detach().mean(1).numpy()[:SHOWN]
        sheet = paint.tiles(paint.enlarged(filters), SHOWN // 2, gap=2)
        return {f"{len(filters)} filters of the first layer": paint.png(sheet, "signed")}, ""

    def conclude(self, run):
        """Both accuracies without dropout and augmentation: their distance is what regularisers are for."""
        training, held_out = (100 * train.evaluate(run.model, images).accuracy for images in (run.data, run.held_out))
        return f"In the end {training:.1f} % of the training images are right, and {held_out:.1f} % of those held out."
