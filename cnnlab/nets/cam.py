"""Class activation maps: the feature maps of a layer, weighted by what they do for a class.

With A the layer's maps (channel k, place ij), g = d score / d A and S the class's score:

    Grad-CAM     ReLU( sum_k  w_k A_k ),   w_k = mean of g_k over all places
    Grad-CAM++   ReLU( sum_k  w_k A_k ),   w_k = sum over places of a_k ReLU(g_k),  a = g^2 / (2 g^2 + g^3 sum_ij A)
    Layer-CAM    ReLU( sum_k  ReLU(g_k) A_k ),   a weight for each place

Selvaraju et al. 2017; Chattopadhay et al. 2018; Jiang et al. 2021.
"""

import torch
from torch.nn import functional

from cnnlab.core import checks
from cnnlab.nets import inspect


def grad_cam(model, x, target=None, *, layer, rectify=True):
    """The map (N, h, w) of a class on the layer's own grid; `stretched` brings it to the image's size.

    target : class number, one an image, or None for the highest score; rectify : without it, negative evidence stays
    """
    return class_map(model, x, [target], layer=layer, rectify=rectify)[0]


def class_map(model, x, targets, *, layer, rectify=True):
    """Grad-CAM for several classes with one run of the network: a list of maps (N, h, w)."""
    maps, slopes = _maps_and_gradients(model, x, targets, layer)
    return [_combined(maps, slope.mean((2, 3), keepdim=True), rectify) for slope in slopes]


def grad_cam_plus_plus(model, x, target=None, *, layer, rectify=True):
    """Grad-CAM++ (N, h, w): several objects of one class weigh alike, however small."""
    maps, (slope,) = _maps_and_gradients(model, x, [target], layer)
    below = 2 * slope**2 + slope**3 * maps.sum((2, 3), keepdim=True)
    share = slope**2 / torch.where(below == 0, 1, below)
    return _combined(maps, (share * slope.clamp(min=0)).sum((2, 3), keepdim=True), rectify)


def layer_cam(model, x, target=None, *, layer, rectify=True):
    """Layer-CAM (N, h, w): a weight for each place, so that early layers with fine maps can be read."""
    maps, (slope,) = _maps_and_gradients(model, x, [target], layer)
    return _combined(maps, slope.clamp(min=0), rectify)


def stretched(maps, size):
    """Maps (N, h, w) at the image's size (rows, columns), bilinear."""
    return functional.interpolate(maps[:, None], size=tuple(size), mode="bilinear", align_corners=False)[:, 0]


def _maps_and_gradients(model, x, targets, layer):
    """(A, [d score / d A for each target]) of a layer, each (N, K, h, w)."""
    with torch.inference_mode(False), torch.enable_grad(), inspect.evaluating(model):
        x = inspect.pixels(x).detach().clone().requires_grad_()
        with inspect.recording(model, [layer]) as seen:
            found = inspect.scores(model, x)
        if layer not in seen:
            checks.refuse("layer", layer, "did not run for this input")
        maps = seen[layer]
        if maps.ndim != 4:
            checks.refuse("layer", layer, f"gives {tuple(maps.shape)}; a class map needs feature maps (N, C, h, w)")
        values = [inspect.target_scores(found, target).sum() for target in targets]
        slopes = []
        for number, value in enumerate(values, start=1):
            last = number == len(values)
            slopes.append(inspect.gradient(value, maps, layer, keep_graph=not last))
    return maps.detach(), slopes


def _combined(maps, weights, rectify):
    total = (weights * maps).sum(1)
    return total.clamp(min=0) if rectify else total
