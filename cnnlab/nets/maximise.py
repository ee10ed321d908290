"""What does a unit want? Start from noise and climb: an image that a channel, a unit or a class answers to most.

Bare gradient ascent finds high-frequency noise. Each remedy has a switch of its own, so that its effect can be seen:
the image moves, turns and grows a little before every step (what survives that is a shape and no pixel trick);
differences of neighbours cost; and the image may be described by its frequencies, low ones first.

Erhan et al. 2009; Olah, Mordvintsev & Schubert, "Feature visualization", Distill 2017.
DeepDream: Mordvintsev et al. 2015.
"""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from cnnlab.core import checks
from cnnlab.nets import inspect

__all__ = ["Step", "deep_dream", "maximise"]


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the climb: the image (1, C, H, W) as the network takes it, and what the unit says to it."""

    step: int
    steps: int
    image: torch.Tensor
    value: float


def maximise(
    model,
    layer,
    channel,
    shape,
    *,
    unit=None,
    steps=128,
    rate=0.05,
    jitter=0,
    scale=0.0,
    rotation=0.0,
    smooth=0.0,
    fourier=False,
    limits=(-2.0, 2.0),
    seed=0,
):
    """Yield a `Step` after each of `steps` steps towards an image that a channel of a layer answers to.

    layer, channel : a layer's name and a channel (for a layer without places, such as class scores, a unit)
    shape : (C, H, W) of the image; unit : (row, column) of one place; None for the mean over all places
    rate : of Adam, on pixels or frequencies; jitter : pixels that the image may move in each step
    scale, rotation : largest change of size (0.1: a tenth) and turn in degrees; smooth : price of differences
    fourier : the image is described by frequencies, each scaled by 1 / frequency; limits : of the pixels
    """
    channels, height, width = checks.per_axis("shape", shape, 3, 1)
    steps, jitter = checks.integer("steps", steps, 1), checks.integer("jitter", jitter, 0)
    random = torch.Generator().manual_seed(checks.integer("seed", seed, 0))
    inspect.module(model, layer)
    start = 0.1 * torch.randn(1, channels, height, width, generator=random)
    described = (_to_frequencies(start) if fourier else start).clone().requires_grad_()
    climb = torch.optim.Adam([described], lr=rate)
    for step in range(1, steps + 1):
        with torch.enable_grad(), inspect.evaluating(model):
            image = _to_pixels(described, height, width) if fourier else described
            moved = _moved(image.clamp(*limits), jitter, scale, rotation, random)
            value = _answer(model, moved, layer, channel, unit)
            loss = smooth * _roughness(image) - value
            (described.grad,) = torch.autograd.grad(loss, described)
            climb.step()
        with torch.no_grad(), inspect.evaluating(model):
            image = (_to_pixels(described, height, width) if fourier else described).clamp(*limits)
            value = float(_answer(model, image, layer, channel, unit))
        yield Step(step, steps, image.clone(), value)


def deep_dream(model, x, layer, *, steps=20, rate=0.05, jitter=4, limits=(-2.0, 2.0), seed=0):
    """Yield a `Step` after each step that makes a layer say more of what it says to an image (1, C, H, W) already."""
    image = inspect.pixels(x).detach().clone()
    random = torch.Generator().manual_seed(checks.integer("seed", seed, 0))
    for step in range(1, checks.integer("steps", steps, 1) + 1):
        down, right = _shift(jitter, random)
        with torch.enable_grad(), inspect.evaluating(model):
            moved = image.roll((down, right), (2, 3)).requires_grad_()
            value = _recorded(model, moved, layer).square().mean()
            slope = inspect.gradient(value, moved, layer)
        slope = slope.roll((-down, -right), (2, 3)) / slope.abs().mean().clamp(min=1e-12)
        image = (image + rate * slope).clamp(*limits)
        yield Step(step, steps, image.clone(), float(value.detach()))


def _recorded(model, x, layer):
    with inspect.recording(model, [layer]) as seen:
        model(x)
    return seen[layer] if layer in seen else checks.refuse("layer", layer, "did not run for this input")


def _answer(model, x, layer, channel, unit):
    found = _recorded(model, x, layer)[0]
    if not 0 <= checks.integer("channel", channel, 0) < len(found):
        checks.refuse("channel", channel, f"must be below {len(found)}")
    if unit is None:
        return found[channel].mean()
    if len(unit) != found.ndim - 1 or any(not 0 <= u < n for u, n in zip(unit, found.shape[1:], strict=True)):
        checks.refuse("unit", unit, f"must be a place on a map of {tuple(found.shape[1:])}")
    return found[(channel, *unit)]


def _shift(jitter, random):
    return torch.randint(-jitter, jitter + 1, (2,), generator=random).tolist() if jitter else (0, 0)


def _moved(image, jitter, scale, rotation, random):
    """The image a little elsewhere, turned and scaled at random; what leaves on one side is mirrored in."""
    image = image.roll(_shift(jitter, random), (2, 3))
    if not (scale or rotation):
        return image
    turn, size = (2 * torch.rand(2, generator=random) - 1).tolist()
    angle, size = math.radians(rotation * turn), 1 + scale * size
    cos, sin = math.cos(angle) / size, math.sin(angle) / size
    grid = functional.affine_grid(torch.tensor([[[cos, -sin, 0.0], [sin, cos, 0.0]]]), image.shape, align_corners=False)
    return functional.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def _roughness(image):
    """Mean squared difference of neighbours: high frequencies are dear."""
    return image.diff(dim=2).square().mean() + image.diff(dim=3).square().mean()


def _weights(height, width):
    """1 / frequency, so that one step changes low frequencies most; the mean counts as the lowest of them."""
    down, right = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    return 1 / (down**2 + right**2).sqrt().clamp(min=1 / max(height, width))


def _to_frequencies(image):
    height, width = image.shape[2:]
    return torch.view_as_real(torch.fft.rfft2(image, norm="ortho") / _weights(height, width))


def _to_pixels(frequencies, height, width):
    scaled = torch.view_as_complex(frequencies) * _weights(height, width)
    return torch.fft.irfft2(scaled, s=(height, width), norm="ortho")
