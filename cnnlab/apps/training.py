"""Train your first CNN: LeNet, the CNN for Fashion-MNIST and an MLP on small images, watched while they learn."""

from dataclasses import replace

import torch
import traitlets
from torch.nn import functional

from cnnlab.apps.base import Setting
from cnnlab.apps.training_run import Run, TrainingApp
from cnnlab.core import checks
from cnnlab.nets import data as data_sets
from cnnlab.nets import train
from cnnlab.nets.architectures.lenet import LeNet
from cnnlab.nets.architectures.small import MLP, FashionCNN
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe
from cnnlab.plots import paint
from cnnlab.plots.confusion import confusion

SIDE = 28  # pixels that the three networks want
HELD_OUT = 1000  # images at most, and a fifth of a small set
NETS = {"LeNet": LeNet, "CNN for Fashion-MNIST": FashionCNN, "MLP": MLP}
DATA = {"digits": "digits, 8×8", "fashion-mnist": "Fashion-MNIST", "mnist": "MNIST", "shapes": "shapes"}
AMOUNTS = {"50": 50, "200": 200, "1000": 1000, "5000": 5000, "all": None}
RATES = ("0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1")
BATCHES = ("8", "16", "32", "64", "128", "256")
WIDTHS = ("0.25", "0.5", "1", "2")
SHOWN = 16  # filters or maps of a layer
LOOKED_AT = 40  # the first of the held-out images can be chosen


def images_of(name, split="train"):
    """A data set as grey images of 28x28, which all three networks take."""
    loaded = data_sets.load(name, split)
    if loaded.images.shape[1:] == (1, SIDE, SIDE):
        return loaded
    grey = loaded.images.float().mean(1, keepdim=True)
    mean, std = (sum(values) / len(values) for values in (loaded.mean, loaded.std))
    if grey.shape[-2:] != (SIDE, SIDE):
        grey = functional.interpolate(grey, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return replace(loaded, images=grey.round().to(torch.uint8), mean=(mean,), std=(std,))


class TrainingExplorer(TrainingApp):
    """Settings as the controls show them: `net`, `data`, `images`, `rate`, `batch` and `width` are names in menus."""

    net = Setting("CNN for Fashion-MNIST").tag(sync=True, state=True)
    data = Setting("digits").tag(sync=True, state=True)
    images = Setting("all").tag(sync=True, state=True)
    epochs = Setting(6).tag(sync=True, state=True)
    rate = Setting("0.05").tag(sync=True, state=True)
    batch = Setting("64").tag(sync=True, state=True)
    width = Setting("0.5").tag(sync=True, state=True)
    dropout = Setting(0.0).tag(sync=True, state=True)
    shift = Setting(1).tag(sync=True, state=True)
    image = Setting(1).tag(sync=True, state=True)  # which held-out image is looked at
    views = ("image",)

    label = traitlets.Unicode("Training").tag(sync=True)
    controls = traitlets.List(
        [
            {"kind": "menu", "name": "net", "label": "Network", "options": [[name, name] for name in NETS]},
            {"kind": "menu", "name": "data", "label": "Images", "options": [[k, v] for k, v in DATA.items()]},
            {"kind": "menu", "name": "images", "label": "How many", "options": [[name, name] for name in AMOUNTS]},
            {"kind": "slider", "name": "epochs", "label": "Epochs", "min": 1, "max": 40},
            {"kind": "scale", "name": "rate", "label": "Rate", "values": RATES},
            {"kind": "scale", "name": "batch", "label": "Batch", "values": BATCHES},
            {"kind": "scale", "name": "width", "label": "Width ×", "values": WIDTHS},
            {"kind": "slider", "name": "dropout", "label": "Dropout", "min": 0, "max": 0.8, "step": 0.1},
            {"kind": "slider", "name": "shift", "label": "Shifts, px", "min": 0, "max": 4},
            {"kind": "slider", "name": "image", "label": "Look at no.", "min": 1, "max": LOOKED_AT},
        ]
    ).tag(sync=True)

    @traitlets.validate("net", "data", "images", "rate", "batch", "width")
    def _named(self, proposal):
        options = {"net": NETS, "data": DATA, "images": AMOUNTS, "rate": RATES, "batch": BATCHES, "width": WIDTHS}
        name = proposal["trait"].name
        return checks.choice(name, proposal["value"], tuple(options[name]))

    @traitlets.validate("epochs")
    def _epochs(self, proposal):
        return checks.within("epochs", checks.integer("epochs", proposal["value"], 1), 1, 40)

    @traitlets.validate("dropout")
    def _dropout(self, proposal):
        return checks.within("dropout", proposal["value"], 0, 0.8)

    @traitlets.validate("shift")
    def _shift(self, proposal):
        return checks.within("shift", checks.integer("shift", proposal["value"], 0), 0, 4)

    @traitlets.validate("image")
    def _image(self, proposal):
        return checks.within("image", checks.integer("image", proposal["value"], 1), 1, LOOKED_AT)

    def opening(self, **state):
        """The untrained network, where its images need no download."""
        return self.prepare(**state) if data_sets.at_hand(state["data"]) else None

    def prepare(self, *, net, data, images, epochs, rate, batch, width, dropout, shift):
        """The network from scratch, the images, and what is held out of them."""
        every = images_of(data)
        rest, held_out = every.held_out(min(HELD_OUT, len(every) // 5))
        if AMOUNTS[images] is not None:
            rest = rest.subset(slice(0, AMOUNTS[images]))  # the split is in random order
        torch.manual_seed(0)
        model = NETS[net](len(every.classes), 1, width=float(width), dropout=dropout)
        recipe = Recipe(epochs=epochs, batch=int(batch), rate=float(rate), augment=Augment(shift=shift))
        name = f"{net}, {len(rest):,} images, rate {rate}"
        return Run(name, model, rest, recipe, held_out, notice=every.notice)

    def look(self, run):
        """First filters, what they answer to one image, and who is taken for whom at the end of the last epoch."""
        number = min(self.image, len(run.held_out)) - 1
        label, image = run.held_out.labels[number], train.normalize(run.held_out.images[[number]], run.held_out)
        share, guess = train.predict(run.model, image)[0].softmax(0).max(0)
        classes = run.held_out.classes
        first = next(layer for layer in run.model.modules() if hasattr(layer, "weight"))
        weight, bias = first.weight.detach(), first.bias.detach()
        filters = weight.view(-1, SIDE, SIDE) if weight.ndim == 2 else weight[:, 0]
        pictures = {
            "Filters of the first layer": paint.png(
                paint.tiles(paint.enlarged(filters[:SHOWN].numpy()), 4, gap=2), "signed"
            )
        }
        seen = run.held_out.images[number].float() / 255
        if weight.ndim == 2:
            pictures[f"Image {number + 1}: {classes[label]}"] = paint.png(seen[0])
        else:
            maps = torch.relu(functional.conv2d(image, weight, bias, padding=first.padding))[0, : SHOWN - 1]
            sheet = paint.tiles(torch.cat([seen * maps.max(), maps]).numpy(), 4, gap=2)
            pictures[f"Image {number + 1}: {classes[label]}, and its maps"] = paint.png(sheet)
        if run.judged != len(run.scores):
            run.judged, run.matrix = len(run.scores), confusion_matrix(run.model, run.held_out)
            run.confusion = confusion(run.matrix, classes)
        pictures["Truth and guess, held out"] = run.confusion
        taken = f"Image {number + 1} ({classes[label]}) is taken for {classes[guess]} with probability {share:.2f}."
        return pictures, f"{taken} {mistaken(run.matrix, classes)}"

    def conclude(self, run):
        """The figure that counts, looked at once."""
        test = images_of(run.data.name, "test")
        return f"On the {len(test)} test images: {100 * train.evaluate(run.model, test).accuracy:.2f} %."


def confusion_matrix(model, images):
    """(classes, classes) counts: row the truth, column the guess."""
    guesses = train.predict(model, images).argmax(1)
    classes = len(images.classes)
    return torch.bincount(images.labels * classes + guesses, minlength=classes**2).view(classes, classes).numpy()


def mistaken(matrix, classes):
    """The most frequent mistake in words."""
    errors = matrix - torch.diag(torch.tensor(matrix).diagonal()).numpy()
    if not errors.any():
        return "No held-out image is mistaken."
    truth, guess = divmod(int(errors.argmax()), len(classes))
    return f"Most often mistaken: {classes[truth]} for {classes[guess]} ({errors[truth, guess]} times)."
