"""One unit of a layer, worked out by hand: what it reads, what it multiplies, what comes out."""

from dataclasses import dataclass

import numpy as np
from torch import nn
from torch.nn import functional


@dataclass(frozen=True, eq=False)
class Term:
    """What one input channel adds: the window it is read through, the kernel over it, the sum of their products."""

    channel: int
    window: np.ndarray
    kernel: np.ndarray | None
    value: float


@dataclass(frozen=True, eq=False)
class Unit:
    """`value` = sum of all terms + bias for a weighted layer; `rule` says it in words for the others.

    corner : first row and column of the window on the input map, negative in the padding
    """

    value: float
    terms: tuple[Term, ...]
    bias: float | None
    rule: str
    corner: tuple[int, int] = (0, 0)


def explain(layer, x, y, channel, row, column):
    """The `Unit` at (channel, row, column) of what a layer turned x (1, C, ...) into: y (1, C', ...)."""
    place = (channel, row, column)[: y.ndim - 1]
    value = float(y[(0, *place)])
    if isinstance(layer, nn.Conv2d):
        return _convolution(layer, x, value, *place)
    if isinstance(layer, nn.Linear):
        return _linear(layer, x, value, channel)
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d):
        return _pooling(layer, x, y, value, *place)
    if isinstance(layer, nn.ReLU):
        return Unit(value, (), None, f"max(0, {float(x[(0, *place)]):.3f}) = {value:.3f}")
    if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
        mean, spread = float(layer.running_mean[channel]), float((layer.running_var[channel] + layer.eps).sqrt())
        rule = f"({float(x[(0, *place)]):.3f} − {mean:.3f}) / {spread:.3f}, times γ, plus β = {value:.3f}"
        return Unit(value, (), None, rule)
    return Unit(value, (), None, f"{type(layer).__name__}: {value:.3f}")


def _convolution(layer, x, value, channel, row, column):
    down, right = layer.stride
    above, before = layer.padding if isinstance(layer.padding, tuple) else (0, 0)
    tall, wide = ((k - 1) * d + 1 for k, d in zip(layer.kernel_size, layer.dilation, strict=True))
    padded = functional.pad(x[0], (before, before + wide, above, above + tall))
    top, left = row * down, column * right
    window = padded[:, top : top + tall : layer.dilation[0], left : left + wide : layer.dilation[1]]
    size = layer.in_channels // layer.groups
    first = channel // (layer.out_channels // layer.groups) * size
    kernels = layer.weight[channel].detach()
    terms = tuple(
        Term(first + i, window[first + i].numpy(), kernels[i].numpy(), float((window[first + i] * kernels[i]).sum()))
        for i in range(size)
    )
    bias = 0.0 if layer.bias is None else float(layer.bias[channel])
    return Unit(value, terms, bias, "", (top - above, left - before))


def _linear(layer, x, value, channel):
    weights, flat = layer.weight[channel].detach(), x.flatten()
    terms = tuple(
        Term(i, np.array([[float(flat[i])]]), np.array([[float(weights[i])]]), float(flat[i] * weights[i]))
        for i in range(len(flat))
    )
    return Unit(value, terms, 0.0 if layer.bias is None else float(layer.bias[channel]), "")


def _pooling(layer, x, y, value, channel, row, column):
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        size = stride = tuple(n // m for n, m in zip(x.shape[2:], y.shape[2:], strict=True))
    else:
        size, stride = ((n, n) if isinstance(n, int) else n for n in (layer.kernel_size, layer.stride))
    pad = getattr(layer, "padding", 0)
    above, before = (pad, pad) if isinstance(pad, int) else pad
    top, left = row * stride[0] - above, column * stride[1] - before
    window = x[0, channel, max(top, 0) : top + size[0], max(left, 0) : left + size[1]].numpy()
    word = "largest" if isinstance(layer, nn.MaxPool2d) else "mean"
    return Unit(
        value, (Term(channel, window, None, value),), None, f"the {word} of the window: {value:.3f}", (top, left)
    )
