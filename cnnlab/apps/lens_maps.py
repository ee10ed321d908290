"""The methods of attribution under one name each, and how their maps are painted."""

from functools import lru_cache

import numpy as np
import torch
from torch import nn

from cnnlab.apps import lens_subjects
from cnnlab.nets import attribution, inspect, trust

WITH_LAYER = {
    "Grad-CAM": attribution.grad_cam,
    "Grad-CAM++": attribution.grad_cam_plus_plus,
    "Layer-CAM": attribution.layer_cam,
}
PIXELS = {
    "Gradient": attribution.gradients,
    "SmoothGrad": attribution.smooth_grad,
    "Gradient × input": lambda model, x, target: x * attribution.gradients(model, x, target),
    "Integrated gradients": lambda model, x, target: attribution.integrated_gradients(model, x, target, steps=24),
    "Guided backprop": attribution.guided_backprop,
    "Deconvnet": attribution.deconvnet,
}
METHODS = (*WITH_LAYER, *PIXELS, "Occlusion")
ORANGE = np.array([230, 159, 0])  # evidence for a class: the colour of weights in every lesson
BLUE = np.array([0, 114, 178])  # evidence against it


def convolutions(model):
    """Names of the layers a class map can be made of: the convolutions, from input to output."""
    return inspect.layer_names(model, nn.Conv2d)


def layer_at(model, depth):
    """The convolution at a depth in per cent: 0 is the first, 100 the last."""
    layers = convolutions(model)
    return layers[round(depth / 100 * (len(layers) - 1))]


@lru_cache(maxsize=256)
def attributed(name, method, target, depth, lost=0):
    """The map (H, W) of a method for a class; `lost` layers from the top have been initialised anew."""
    subject = lens_subjects.subject(name)
    model = network(subject.network, lost)
    if method in WITH_LAYER:
        small = WITH_LAYER[method](model, subject.x, target, layer=layer_at(model, depth))
        return attribution.stretched(small, subject.x.shape[2:])[0]
    if method == "Occlusion":
        return attribution.occlusion(model, subject.x, target, size=8, stride=4, value=0 * subject.black)[0]
    found = PIXELS[method](model, subject.x, target)[0]
    return found.sum(0) if method in ("Gradient × input", "Integrated gradients") else found.abs().amax(0)


@lru_cache(maxsize=64)
def network(name, lost):
    """A shipped network, or a copy that has lost what its last layers learned."""
    model = lens_subjects.model(name)
    return trust.randomised(model, trust.layers_from_the_top(model)[:lost]) if lost else model


def overlay(shown, values, highest=None):
    """The picture in faint grey under a map: orange for the class, blue against it, more of it for larger values."""
    grey = shown if shown.ndim == 2 else shown @ np.array([0.299, 0.587, 0.114])
    base = np.repeat((70 + 0.45 * grey)[:, :, None], 3, 2)
    values = np.asarray(values, np.float64)
    share = np.clip(values / (highest or abs(values).max() or 1), -1, 1)[:, :, None]
    colour = np.where(share > 0, ORANGE, BLUE)
    return np.rint(base + (colour - base) * np.abs(share)).astype(np.uint8)


def picture(shown):
    """Grey or colour as colour."""
    return np.repeat(shown[:, :, None], 3, 2) if shown.ndim == 2 else shown


def curves(name, values, target):
    """(deletion, insertion) of a map; covered by the mean of the training images."""
    subject = lens_subjects.subject(name)
    return tuple(
        curve(subject.model, subject.x, torch.as_tensor(values), target, steps=24).tolist()
        for curve in (trust.deletion, trust.insertion)
    )
