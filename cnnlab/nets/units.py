"""What a channel answers to in a data set: its strongest patches, and how well it marks a concept.

Zeiler & Fergus 2014 (patches); Bau et al., "Network dissection", 2017 (concepts).
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

from cnnlab.core import checks, receptive_field
from cnnlab.nets import inspect
from cnnlab.nets.summary import summary

__all__ = ["Patch", "best_patches", "channel_iou", "responses"]


@dataclass(frozen=True, eq=False)
class Patch:
    """A part (C, h, w) of an image that excites a channel; `region` is ((top, bottom), (left, right))."""

    image: int
    value: float
    unit: tuple[int, int]
    region: tuple[tuple[int, int], tuple[int, int]]
    pixels: torch.Tensor


def responses(model, x, layer, *, batch=256):
    """The feature maps (N, C, h, w) of a layer for many images, a batch at a time."""
    return torch.cat([inspect.feature_maps(model, part, layer)[layer] for part in x.split(batch)])


def best_patches(model, x, layer, channel, count=9, *, batch=256):
    """The `count` patches of images (N, C, H, W) that a channel answers to most, one an image, the strongest first.

    Each is cut out by the receptive field of the unit that answered, clipped to the image.
    """
    maps = responses(model, x, layer, batch=batch)
    if maps.ndim != 4 or not 0 <= checks.integer("channel", channel, 0) < maps.shape[1]:
        checks.refuse("channel", channel, f"must be a channel of {layer}, which gives {tuple(maps.shape[1:])}")
    count = min(checks.integer("count", count, 1), len(x))
    flat = maps[:, channel].flatten(1)
    values, places = flat.max(1)
    table, node = _field(model, x, layer)
    found = []
    for image in values.argsort(descending=True)[:count].tolist():
        unit = divmod(int(places[image]), maps.shape[3])
        region = receptive_field.field_of(table, node, unit) if table else tuple((0, n) for n in x.shape[2:])
        (top, bottom), (left, right) = region
        pixels = x[image, :, top:bottom, left:right].clone()
        found.append(Patch(image, float(values[image]), unit, region, pixels))
    return found


def channel_iou(model, x, layer, masks, *, quantile=0.95, batch=256):
    """How well each channel marks a concept: intersection over union, (C,).

    masks : (N, H, W) truth values, where the concept is. A channel is on where its map, stretched to the image, exceeds
    the quantile of all its values over the data set.
    """
    if masks.shape != (len(x), *x.shape[2:]) or masks.dtype != torch.bool:
        checks.refuse("masks.shape", tuple(masks.shape), f"must be truth values {(len(x), *x.shape[2:])}")
    maps = functional.interpolate(
        responses(model, x, layer, batch=batch), size=x.shape[2:], mode="bilinear", align_corners=False
    )
    values = maps.transpose(0, 1).flatten(1)  # a row a channel
    rank = max(1, round(checks.within("quantile", quantile, 0, 1) * values.shape[1]))
    on = values > values.kthvalue(rank, dim=1, keepdim=True).values
    wanted = masks.flatten()
    both, either = (on & wanted).sum(1), (on | wanted).sum(1)
    return both / either.clamp(min=1)


def _field(model, x, layer):
    """The receptive-field table of the network and the layer's row in it; (None, None) where it is not known."""
    found = summary(model, (1, *x.shape[1:]))
    return (found.table, found[layer].node) if found.table and found[layer].node is not None else (None, None)
